// The controls, the keys, the swipes, and the beginning.

function on(id, happening, act) {
  $(id).addEventListener(happening, act);
}

function setTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  try { localStorage.setItem("superpose-theme", theme); } catch { /* a file may have no storage */ }
}

function storedTheme() {
  try { return localStorage.getItem("superpose-theme") || ""; } catch { return ""; }
}

const GRID_KEYS = {
  "/": () => $("find").focus(), "?": () => $("help").showModal(), c: compare,
  m: () => document.activeElement.item && mark(document.activeElement.item),
};
const DETAIL_KEYS = {
  ArrowRight: () => neighbour(1), ArrowLeft: () => neighbour(-1), t: turn, f: flip, n: negate, 0: reset, y: copy, p: play, w: nextWord,
  b: () => squint(2), B: () => squint(-2), m: () => $("mark").click(), c: compare,
};
const COMPARE_KEYS = { " ": blink };

function pressed(event) {
  const { target, key } = event;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = target.matches("input[type='search'], select, pre, code");
  const sliding = target.matches("input[type='range']");
  if (typing || (sliding && key.startsWith("Arrow"))) return;
  const keys = $("compare").open ? COMPARE_KEYS : $("detail").open ? DETAIL_KEYS : $("help").open ? {} : GRID_KEYS;
  if (key === " " && target.matches("button")) return;
  if (/^[1-9]$/.test(key)) {
    const choose = $("compare").open ? $("pair-ways") : $("detail").open ? $("ways") : $("readings");
    choose.children[Number(key) - 1]?.click();
  } else if (keys[key]) keys[key]();
  else if (keys === GRID_KEYS && key.startsWith("Arrow") && target.item) step(target, key);
  else return;
  event.preventDefault();
}

function swipes(stage) {
  let from = null;
  stage.addEventListener("pointerdown", (event) => { from = event.pointerType === "mouse" ? null : [event.clientX, event.clientY]; });
  stage.addEventListener("pointerup", (event) => {
    if (!from) return;
    const [x, y] = [event.clientX - from[0], event.clientY - from[1]];
    if (Math.abs(x) > 40 && Math.abs(x) > 2 * Math.abs(y)) neighbour(x < 0 ? 1 : -1);
    from = null;
  });
}

// What a reading is called for all runs together: by its prompt, where that is the same one or one of two.
function labelsOfAll() {
  const most = Math.max(...RUNS.map((run) => run.readings.length));
  return Array.from({ length: most }, (_, i) => {
    const labels = [...new Set(RUNS.map((run) => run.readings[Math.min(i, run.readings.length - 1)].label))];
    return labels.length <= 2 ? labels.join(" / ") : `reading ${i + 1}`;
  });
}

function begin() {
  choice($("readings"), labelsOfAll(), 0, look);
  const orders = Object.entries(ORDERS).filter(([name]) => scored || name === "number");
  $("sort").replaceChildren(...orders.map(([value, [textContent]]) => element("option", { value, textContent })));
  $("which").closest("label").hidden = !scored;
  $("run").replaceChildren(element("option", { value: "", textContent: "all" }),
    ...RUNS.map((run, value) => element("option", { value, textContent: run.name })));
  $("run-control").hidden = RUNS.length < 2;
  for (const id of ["find", "run", "which", "sort"]) on(id, "input", arrange);
  on("controls", "submit", (event) => event.preventDefault());
  on("tile", "input", () => document.documentElement.style.setProperty("--tile", `${$("tile").value}px`));
  on("theme", "input", () => setTheme($("theme").value));
  for (const [id, act] of Object.entries({
    turn, flip, negate, reset, copy, blink, swap, "compare-button": compare, "help-button": () => $("help").showModal(),
    previous: () => neighbour(-1), next: () => neighbour(1), "unmark-button": () => [...state.marked].forEach(mark),
    "close-detail": () => $("detail").close(), "close-compare": () => $("compare").close(), "close-help": () => $("help").close(),
    mark: () => { mark(state.open); $("mark").setAttribute("aria-pressed", String(state.marked.includes(state.open))); },
  })) on(id, "click", act);
  for (const id of ["blur", "far"]) on(id, "input", hold);
  on("step", "input", overlay);
  on("slide", "input", () => { still(); slid(); });
  on("compare", "close", still);
  on("detail", "close", () => { $("player").pause(); state.open?.card?.focus(); });
  document.addEventListener("keydown", pressed);
  swipes($("stage"));
  $("runs").replaceChildren(...RUNS.map((run) => element("details", {},
    element("summary", { textContent: `Recipe of ${run.name}: ${run.images.length} images, seed ${run.seed}` }),
    element("pre", { textContent: run.recipe, tabIndex: 0 }))));
  $("theme").value = storedTheme();
  setTheme($("theme").value);
  arrange();
}

begin();
