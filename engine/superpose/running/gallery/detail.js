// One image, large: its readings, turned and flipped and negated, squinted at, and how it was made.

const held = { turns: 0, flipped: false, negated: false, reading: 0 };

function show(item) {
  state.open = item;
  const run = RUNS[item.run];
  $("detail-title").textContent = `Sample ${title(item)}`;
  choice($("ways"), run.readings.map((each) => each.label), 0, read);
  $("command").textContent = item.command;
  $("mark").setAttribute("aria-pressed", String(state.marked.includes(item)));
  $("recipe").textContent = run.recipe;
  tellFacts(item, run);
  hear(item);
  offer(item, run);
  reset();
  read(Math.min(state.reading, run.readings.length - 1));
  if (!$("detail").open) $("detail").showModal();
}

function read(reading) {
  if (reading >= RUNS[state.open.run].readings.length) return;
  held.reading = reading;
  press($("ways"), reading);
  paint($("picture"), state.open, reading);
  lookFor(-1);
}

function hold() {
  const { turns, flipped, negated } = held;
  const size = Number($("far").value) / 100;
  const blur = Number($("blur").value);
  for (const id of ["picture", "map"]) {
    $(id).style.transform = `scale(${size}) rotate(${90 * turns}deg) scaleX(${flipped ? -1 : 1})`;
  }
  $("picture").style.filter = `invert(${negated ? 1 : 0}) blur(${blur * size}px)`;
  $("negate").setAttribute("aria-pressed", String(negated));
  $("flip").setAttribute("aria-pressed", String(flipped));
}

// What is seen is flipped: a turn before it then goes the other way.
function flip() { Object.assign(held, { turns: -held.turns, flipped: !held.flipped }); hold(); }
function turn() { held.turns += 1; hold(); }
function negate() { held.negated = !held.negated; hold(); }
function squint(by) { $("blur").value = Number($("blur").value) + by; hold(); }

function reset() {
  Object.assign(held, { turns: 0, flipped: false, negated: false });
  $("blur").value = 0;
  $("far").value = 100;
  hold();
}

function neighbour(by) {
  const at = state.shown.indexOf(state.open);
  const next = state.shown[at + by];
  if (next) {
    const { reading } = held;
    show(next);
    read(Math.min(reading, RUNS[next.run].readings.length - 1));
  }
}

function tellFacts(item, run) {
  const facts = [["run", run.folder], ["sample", `${item.sample}, seed ${run.seed}`]];
  if (run.drawn) facts.push(["chosen", `one of the best of ${run.drawn} samples`]);
  if (item.sizes.length) {
    const [least, last] = [Math.min(...item.sizes), item.sizes.at(-1)].map((size) => size.toFixed(1));
    facts.push(["swarm", `effective sample size ${least} at least, ${last} at last`]);
  }
  if (item.score) {
    facts.push(["scores", `${scoreWords(item)} (${run.scoredBy})`]);
    run.readings.filter((each) => each.scored).forEach((each, i) => {
      const right = item.score.right[i];
      facts.push([each.label, `${right ? "● right" : "○ not read"}, ${item.score.each[i].toFixed(3)}`, right ? "right" : "wrong"]);
    });
  }
  facts.push(["image", `${run.size[0]}×${run.size[1]}, SHA-256 ${item.sha256}`]);
  facts.push(["versions", Object.entries(run.versions).map(([name, number]) => `${name} ${number}`).join(", ")]);
  for (const [name, hash] of Object.entries(run.weights)) facts.push(["weights", `${name}, SHA-256 ${hash.slice(0, 12)}`]);
  facts.push(["device", run.device]);
  if (run.needs.length) facts.push(["needs", run.needs.join(", ")]);
  $("facts").replaceChildren(...facts.flatMap(([name, value, kind]) => [
    element("dt", { textContent: name }), element("dd", { textContent: value, className: kind || "" }),
  ]));
}

// The sound of an image, where it has one; it ends when another image is looked at.
function hear(item) {
  const player = $("player");
  player.pause();
  player.hidden = !item.sound;
  if (item.sound) player.src = item.sound;
  else player.removeAttribute("src");
}

function play() {
  const player = $("player");
  if (player.hidden) return;
  if (player.paused) player.play();
  else player.pause();
}

async function copy() {
  const text = $("command").textContent;
  let done = "copied";
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Not every browser lets a file have the clipboard: the text is selected, and copied the old way.
    getSelection().selectAllChildren($("command"));
    done = document.execCommand("copy") ? "copied" : "selected: copy it";
  }
  $("copy").textContent = done[0].toUpperCase() + done.slice(1);
  setTimeout(() => { $("copy").textContent = "Copy command"; }, 1500);
  say(`The command is ${done}`);
}
