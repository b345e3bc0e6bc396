// Pictures on canvases, as a reading shows them: pixels are moved here, by tables that the runs have with them.

const $ = (id) => document.getElementById(id);
const RUNS = JSON.parse($("data").textContent);
const moves = new Map();

async function inflated(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Int32Array(await new Response(stream).arrayBuffer());
}

// The move of a reading: for each place the place whose pixel it shows; made once.
function moveOf(run, reading) {
  const key = `${run}/${reading}`;
  if (!moves.has(key)) moves.set(key, unpacked(RUNS[run].readings[reading].move));
  return moves.get(key);
}

async function unpacked(move) {
  if (!move || (!move.steps && !move.negative)) return null;
  const steps = move.steps ? await inflated(move.steps) : null;
  return { sources: steps && steps.map((step, place) => place + step), ...move };
}

async function loaded(address) {
  const image = new Image();
  image.src = address;
  await image.decode();
  return image;
}

function moved(pixels, move) {
  const shown = new ImageData(move.width, move.height);
  const from = new Uint32Array(pixels.data.buffer);
  const to = new Uint32Array(shown.data.buffer);
  if (move.sources) move.sources.forEach((source, place) => { to[place] = from[source]; });
  else to.set(from);
  if (move.negative) for (let i = 0; i < shown.data.length; i += 1) if (i % 4 < 3) shown.data[i] = 255 - shown.data[i];
  return shown;
}

// Draw an image as a reading shows it. Of several that are wanted of one canvas the last one counts.
async function paint(canvas, item, reading) {
  const run = RUNS[item.run];
  const way = Math.min(reading, run.readings.length - 1);
  const wanted = `${item.key}/${way}`;
  if (canvas.dataset.wanted === wanted) return;
  canvas.dataset.wanted = wanted;
  const [image, move] = await Promise.all([loaded(item.own[way] || item.picture), item.own[way] ? null : moveOf(item.run, way)]);
  if (canvas.dataset.wanted !== wanted) return;
  canvas.width = image.naturalWidth;
  canvas.height = image.naturalHeight;
  const context = canvas.getContext("2d", { willReadFrequently: Boolean(move) });
  context.drawImage(image, 0, 0);
  if (move) {
    const shown = moved(context.getImageData(0, 0, canvas.width, canvas.height), move);
    canvas.width = move.width;
    canvas.height = move.height;
    context.putImageData(shown, 0, 0);
  }
  canvas.classList.toggle("pixelated", canvas.width <= 128);
  canvas.setAttribute("aria-label", described(item, way));
  canvas.dataset.painted = wanted;
}

function forget(canvas) {
  canvas.dataset.wanted = canvas.dataset.painted = "";
  canvas.width = canvas.height = 0;
}
