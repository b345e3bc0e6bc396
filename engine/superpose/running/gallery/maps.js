// Where the network looks for a word of the prompt, over the picture: a map for each step, where these have been read.

const sought = { word: -1 };

function offer(item, run) {
  $("maps").hidden = !item.maps;
  choice($("words"), run.words.map((each) => each.word), -1, (i) => lookFor(i === sought.word ? -1 : i));
  $("step").max = Math.max(0, run.steps.length - 1);
  $("step").value = $("step").max;
  lookFor(-1);
}

// Look for a word, in the reading that its network is shown; for none by -1.
function lookFor(word) {
  const reading = word < 0 ? held.reading : RUNS[state.open.run].words[word].reading;
  if (reading !== held.reading) read(reading);
  sought.word = word;
  press($("words"), word);
  overlay();
}

function nextWord() {
  if ($("maps").hidden) return;
  const { length } = RUNS[state.open.run].words;
  lookFor(sought.word + 1 < length ? sought.word + 1 : -1);
}

async function overlay() {
  const { open: item } = state;
  const { word } = sought;
  const run = RUNS[item.run];
  const step = Number($("step").value);
  const map = $("map");
  map.hidden = !item.maps || word < 0;
  $("step").disabled = map.hidden;
  $("step-text").textContent = map.hidden ? "" : run.steps[step];
  if (map.hidden) return;
  const wanted = map.dataset.wanted = `${item.key}/${word}/${step}`;
  const atlas = await loaded(item.maps);
  if (map.dataset.wanted !== wanted || map.hidden) return;
  const [width, height] = [atlas.naturalWidth / run.steps.length, atlas.naturalHeight / run.words.length];
  Object.assign(map, { width, height });
  map.getContext("2d").drawImage(atlas, step * width, word * height, width, height, 0, 0, width, height);
  map.setAttribute("aria-label", `Where the network looks for ${run.words[word].word} at ${run.steps[step]}`);
  map.dataset.painted = wanted;
}
