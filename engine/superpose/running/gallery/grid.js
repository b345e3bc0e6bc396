// The grid: a card for each image, whose picture is there only while it is near the window.

const near = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    const item = target.item;
    item.near = isIntersecting;
    if (isIntersecting) paint(item.canvas, item, state.reading);
    else forget(item.canvas);
  }
}, { rootMargin: "300px 0px" });

function cardOf(item) {
  if (item.card) return item.card;
  const canvas = element("canvas", { width: 0, height: 0 });
  canvas.setAttribute("role", "img");
  const [width, height] = RUNS[item.run].size;
  canvas.style.aspectRatio = `${width} / ${height}`;
  const caption = element("span", { className: "caption" }, element("span", { textContent: title(item) }));
  if (item.score) {
    const right = readRight(item) === 1;
    const shown = `${right ? "●" : "○"} ${item.score.alignment.toFixed(2)}`;
    caption.append(element("span", { className: `score ${right ? "right" : "wrong"}`, textContent: shown, title: scoreWords(item) }));
  }
  const card = element("button", { type: "button", className: "card", item }, canvas, caption);
  card.setAttribute("aria-label", `Sample ${title(item)}${item.score ? `; ${scoreWords(item)}` : ""}`);
  card.addEventListener("click", (event) => (event.shiftKey || event.ctrlKey || event.metaKey ? mark(item) : show(item)));
  near.observe(card);
  return Object.assign(item, { canvas, card }).card;
}

function arrange() {
  const asked = { find: $("find").value, run: $("run").value, which: $("which").value, sort: $("sort").value };
  state.shown = chosen(asked);
  $("grid").replaceChildren(...state.shown.map((item) => element("li", {}, cardOf(item))));
  say(`${state.shown.length} of ${items.length} images`);
}

function look(reading) {
  state.reading = reading;
  press($("readings"), reading);
  for (const item of state.shown) if (item.near) paint(item.canvas, item, reading);
}

// From card to card by arrows; columns are those that are on the screen.
function step(from, key) {
  const cards = state.shown.map((item) => item.card);
  const at = cards.indexOf(from);
  const top = cards[0].offsetTop;
  const columns = Math.max(1, cards.findIndex((card) => card.offsetTop > top));
  const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[key];
  cards[Math.max(0, Math.min(cards.length - 1, at + by))]?.focus();
}
