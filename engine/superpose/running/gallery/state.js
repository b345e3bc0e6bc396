// What is there and what is chosen: all images of all runs, the reading, the filter, the order, the marks.

const items = RUNS.flatMap((run, number) => run.images.map((image) => ({ ...image, run: number, key: `${number}/${image.file}` })));
const state = { reading: 0, shown: items, marked: [], open: null };
const ORDERS = {
  number: ["number", (one, two) => one.run - two.run || one.sample - two.sample],
  alignment: ["alignment", (one, two) => (two.score?.alignment ?? -1) - (one.score?.alignment ?? -1)],
  concealment: ["concealment", (one, two) => (two.score?.concealment ?? -1) - (one.score?.concealment ?? -1)],
  best: ["best first", (one, two) => readRight(two) - readRight(one) || ORDERS.alignment[1](one, two)],
};
const scored = items.some((item) => item.score);
const calm = matchMedia("(prefers-reduced-motion: reduce)");

function readRight(item) {
  return item.score ? Number(item.score.right.every(Boolean)) : -1;
}

function title(item) {
  return item.file.replace(/\.png$/, "") + (RUNS.length > 1 ? ` of ${RUNS[item.run].name}` : "");
}

function described(item, reading) {
  const label = RUNS[item.run].readings[reading].label;
  return `Sample ${title(item)}, seen as ${label}${item.score ? `; ${scoreWords(item)}` : ""}`;
}

function scoreWords(item) {
  const { alignment, concealment, right } = item.score;
  const hidden = concealment === null ? "" : `, concealment ${concealment.toFixed(2)}`;
  return `alignment ${alignment.toFixed(2)}${hidden}, ${right.filter(Boolean).length} of ${right.length} readings right`;
}

// The words by which an image is found.
function words(item) {
  const run = RUNS[item.run];
  return [title(item), run.name, item.file, ...run.readings.map((each) => each.label)].join(" ").toLowerCase();
}

function chosen({ find, run, which, sort }) {
  const asked = find.toLowerCase().split(/\s+/).filter(Boolean);
  const kept = items.filter((item) =>
    (run === "" || item.run === Number(run)) &&
    (which === "all" || (which === "right" ? readRight(item) === 1 : readRight(item) === 0)) &&
    asked.every((word) => words(item).includes(word)));
  return kept.sort(ORDERS[sort][1]);
}

function mark(item) {
  const marked = state.marked.includes(item) ? state.marked.filter((each) => each !== item) : [...state.marked, item].slice(-2);
  state.marked = marked;
  for (const each of items) each.card?.classList.toggle("marked", marked.includes(each));
  $("tray").hidden = marked.length === 0;
  $("compare-button").disabled = marked.length < 2;
  $("tray-text").textContent = marked.length === 2
    ? `${title(marked[0])} and ${title(marked[1])}`
    : marked.map((each) => `${title(each)} is marked; mark another one`).join("");
}

function say(text) {
  $("status").textContent = text;
}

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

// A group of buttons of which one is pressed.
function choice(group, labels, pressed, choose) {
  group.replaceChildren(...labels.map((label, i) => {
    const button = element("button", { type: "button", textContent: label });
    button.setAttribute("aria-pressed", String(i === pressed));
    button.addEventListener("click", () => choose(i));
    return button;
  }));
}

function press(group, pressed) {
  [...group.children].forEach((button, i) => button.setAttribute("aria-pressed", String(i === pressed)));
}
