// Two images over each other: a line to slide between them, or one after the other.

let blinking = null;
let pair = [];

function compare() {
  if (state.marked.length < 2) return;
  pair = [...state.marked];
  const ways = pair.map((item) => RUNS[item.run].readings.map((each) => each.label));
  const most = ways[0].length >= ways[1].length ? ways[0] : ways[1];
  choice($("pair-ways"), most, 0, readBoth);
  $("slide").value = 50;
  slid();
  readBoth(Math.min(state.reading, most.length - 1));
  if ($("detail").open) $("detail").close();
  if (!$("compare").open) $("compare").showModal();
}

function readBoth(reading) {
  press($("pair-ways"), reading);
  paint($("one"), pair[0], reading);
  paint($("two"), pair[1], reading);
  told();
}

function slid() {
  $("two").style.clipPath = `inset(0 0 0 ${$("slide").value}%)`;
  $("pair").style.setProperty("--at", `${$("slide").value}%`);
  told();
}

function told() {
  const at = Number($("slide").value);
  const names = pair.map(title);
  if (names.length < 2) return;
  if (at <= 0) $("pair-text").textContent = `${names[1]} alone`;
  else if (at >= 100) $("pair-text").textContent = `${names[0]} alone`;
  else $("pair-text").textContent = `${names[0]} left of the line, ${names[1]} right of it`;
}

function blinkOnce() {
  $("slide").value = Number($("slide").value) > 0 ? 0 : 100;
  slid();
}

// Who wants no motion gets a change with each press, and everyone else one after the other until it is pressed again.
function blink() {
  blinkOnce();
  if (calm.matches) return;
  if (blinking) still();
  else blinking = setInterval(blinkOnce, 600);
  $("blink").setAttribute("aria-pressed", String(Boolean(blinking)));
}

function still() {
  clearInterval(blinking);
  blinking = null;
  $("blink").setAttribute("aria-pressed", "false");
}

function swap() {
  state.marked.reverse();
  compare();
}
