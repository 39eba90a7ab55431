// What pages do beyond links and forms. Every page works without it, save for the chart and the live numbers.
"use strict";
const language = navigator.language;
const whole = new Intl.NumberFormat(language);
const minute = { day: "numeric", month: "short", hour: "numeric", minute: "2-digit" };
const whenThisYear = new Intl.DateTimeFormat(language, minute), whenEver = new Intl.DateTimeFormat(language, { year: "numeric", ...minute });
const dayThisYear = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", timeZone: "UTC" });
const dayEver = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeZone: "UTC" });
const timeOnly = new Intl.DateTimeFormat(language, { timeStyle: "short" });
const since = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
const year = new Date().getFullYear();
const when = { format: (date) => (date.getFullYear() === year ? whenThisYear : whenEver).format(date) };
const dayOnly = { format: (date) => (date.getUTCFullYear() === year ? dayThisYear : dayEver).format(date) };
function ago(date) {
  const minutes = Math.round((date - Date.now()) / 60_000);
  if (minutes > -60) return since.format(Math.min(0, minutes), "minute");
  return minutes > -24 * 60 ? since.format(Math.round(minutes / 60), "hour") : since.format(Math.round(minutes / 1440), "day");
}
const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

function localise(root) {
  for (const time of all("time", root)) {
    const date = new Date(time.dateTime);
    time.title = "day" in time.dataset ? dayEver.format(date) : whenEver.format(date);
    time.textContent = "ago" in time.dataset ? ago(date) : ("day" in time.dataset ? dayOnly : when).format(date);
  }
  for (const data of all("data", root)) data.textContent = whole.format(data.value);
}
localise(document);
document.addEventListener("htmx:afterSwap", () => localise(document));

for (const here of all("nav [aria-current]")) here.parentElement.scrollLeft = here.offsetLeft - here.parentElement.offsetLeft - 40;
for (const button of all("[data-back]")) { button.hidden = history.length < 2; button.addEventListener("click", () => history.back()); }
for (const failure of ["htmx:responseError", "htmx:sendError"]) document.addEventListener(failure, () => {
  const said = document.createElement("p");
  [said.className, said.textContent] = ["alert", "The search could not be answered. Check the connection, then type again."];
  said.setAttribute("role", "alert");
  one("#found .alert")?.remove();
  one("#found")?.prepend(said);
});

// Overview: numbers each second.
const state = one("[data-state]");
function ceiling(value) { // The next 1, 2 or 5 with zeros: the top of an axis.
  const step = 10 ** Math.floor(Math.log10(value));
  return step * [1, 2, 5, 10].find((times) => times * step >= value);
}
function bars(minutes) {
  const svg = one("#spark"), most = ceiling(Math.max(1, ...minutes)), now = Date.now();
  one("[data-most]").textContent = whole.format(most);
  svg.replaceChildren(...minutes.map((count, index) => {
    const bar = document.createElementNS("http://www.w3.org/2000/svg", "rect"), height = count ? Math.max(2, 96 * count / most) : 0;
    for (const [name, value] of Object.entries({ x: index * 10 + 1, y: 96 - height, width: 8, height, rx: 1 })) bar.setAttribute(name, value);
    const title = document.createElementNS("http://www.w3.org/2000/svg", "title");
    title.textContent = `${timeOnly.format(now - (60 - index) * 60_000)}: ${whole.format(count)}`;
    bar.append(title);
    return bar;
  }));
}
function show(now) {
  for (const place of all("[data-live]")) {
    const value = place.dataset.live.split(".").reduce((part, name) => part?.[name], now);
    if (value === undefined || value === null) continue;
    place.textContent = place.dataset.live.startsWith("rate.") ? value.toLocaleString(language, { minimumFractionDigits: 1 }) : whole.format(value);
    if (place.dataset.alarm) place.parentElement.classList.toggle(place.dataset.alarm, value > 0);
  }
  if (one("#spark")) bars(now.minutes);
  const proof = one("#proof"), most = Math.max(1, ...(now.warehouses ?? []).map((place) => place.on_hand ?? 0));
  if (proof && now.proof) {
    proof.classList.toggle("good", now.proof.clean);
    proof.classList.toggle("bad", !now.proof.clean);
    one("[data-proof]", proof).textContent = now.proof.clean ? "Agree" : "Differ";
    one("[data-proved]", proof).textContent = ago(new Date(now.proof.at));
  }
  for (const dot of all("[data-place]")) { // Areas are as the units on hand.
    const units = now.warehouses?.[dot.dataset.place]?.on_hand;
    if (units !== undefined && units !== null) dot.setAttribute("r", Number(one(".map").dataset.radius) * Math.max(0.25, Math.sqrt(units / most)));
  }
}
if (state) {
  show(JSON.parse(one("#now").textContent));
  const light = (name, text) => { state.parentElement.className = `live ${name}`; if (state.textContent !== text) state.textContent = text; };
  const source = new EventSource("/live");
  source.onopen = () => light("on", "Live");
  source.onmessage = (event) => show(JSON.parse(event.data));
  source.onerror = () => light("off", source.readyState === EventSource.CLOSED ? "Stopped: load the page again" : "Connection lost, trying again");
  addEventListener("pagehide", () => source.close());
}

// Product: the chart.
const history_ = one("#history");
if (history_ && window.uPlot) {
  const { x, on_hand, reserved } = JSON.parse(history_.textContent), style = getComputedStyle(document.documentElement);
  const token = (name) => style.getPropertyValue(name).trim(), box = one("#chart");
  const line = (label, color, more) => ({ label, stroke: token(color), width: 1.5, paths: uPlot.paths.stepped({ align: 1 }), points: { show: false }, value: (_, value) => value === null ? "–" : whole.format(value), ...more });
  const short = (seconds, step) => (step >= 86_400 ? dayTick : timeOnly).format(new Date(seconds * 1000));
  const dayTick = new Intl.DateTimeFormat(language, { day: "numeric", month: "short" });
  const axis = { stroke: token("--muted"), grid: { stroke: token("--line"), width: 1 }, ticks: { show: false }, font: `12px ${token("--font")}` };
  const chart = new uPlot({
    width: box.clientWidth, height: 210, cursor: { y: false }, legend: { markers: { fill: (chart, index) => chart.series[index].stroke(chart, index) } },
    scales: { y: { range: (_, least, most) => [Math.min(0, least), Math.max(1, most) * 1.08] } },
    series: [{ value: (_, value) => value === null ? "–" : when.format(new Date(value * 1000)) }, line("On hand", "--accent", { fill: token("--info-bg") }), line("Reserved", "--warn"), line("Available", "--good", { dash: [4, 3] })],
    axes: [{ ...axis, space: 80, values: (_, splits, __, ___, step) => splits.map((seconds) => short(seconds, step)) }, { ...axis, size: 56, values: (_, values) => values.map((value) => whole.format(value)) }],
  }, [x, on_hand, reserved, on_hand.map((units, index) => units - reserved[index])], box);
  const latest = () => chart.setLegend({ idx: x.length - 1 }); // Until the reader points at another moment.
  setTimeout(latest);
  chart.over.addEventListener("mouseleave", () => setTimeout(latest));
  addEventListener("resize", () => chart.setSize({ width: box.clientWidth, height: 210 }));
}

// Forms: sent once; dangerous ones ask first.
for (const form of all("form[method=post]")) form.addEventListener("submit", (event) => {
  if (form.dataset.confirm && !confirm(form.dataset.confirm)) return event.preventDefault();
  setTimeout(() => {
    for (const button of all("button", form)) button.disabled = true;
    if (form.dataset.wait) one("button", form).textContent = form.dataset.wait;
  });
});
addEventListener("pageshow", () => { for (const button of all("form[method=post] button[disabled]")) button.disabled = false; });

// Floor: a barcode ends with Enter, which moves on; the last field sends. The warehouse of the last form is offered again.
const scan = one("[data-scan]");
function kept(value) { // Browsers may forbid it.
  try { return value ? localStorage.setItem("warehouse", value) : localStorage.getItem("warehouse"); } catch { return null; }
}
if (scan) {
  const [from, to] = [one("[name=warehouse]", scan), one("[name=to]", scan)];
  const apart = (changed, other) => { if (other && changed.value === other.value) other.value = all("option", other).find((each) => each.value !== changed.value)?.value ?? other.value; };
  const mine = kept();
  if ("fresh" in scan.dataset && from && all("option", from).some((each) => each.value === mine)) { from.value = mine; apart(from, to); }
  from?.addEventListener("change", () => { kept(from.value); apart(from, to); });
  to?.addEventListener("change", () => apart(to, from));
}
scan?.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.target.tagName !== "INPUT") return;
  const empty = all("input:not([type=hidden])", scan).find((input) => input !== event.target && !input.value);
  if (empty && event.target.value) { event.preventDefault(); empty.focus(); }
});
function beep(good) {
  if (!navigator.userActivation?.hasBeenActive) return; // Browsers stay silent until the reader has done something.
  const audio = new AudioContext(), sound = audio.createOscillator(), volume = audio.createGain();
  sound.frequency.value = good ? 1040 : 240;
  volume.gain.value = 0.08;
  sound.connect(volume).connect(audio.destination);
  sound.onended = () => audio.close();
  sound.start();
  sound.stop(audio.currentTime + (good ? 0.09 : 0.35));
}
const told = one("[data-beep]");
if (told) beep(told.dataset.beep === "good");

// A delivery: each scan adds a unit to its line; the first line of this SKU that still lacks some.
const arrival = one("[data-arrival]");
if (arrival) {
  const scanned = one("[data-scanned]", arrival), said = one("[data-told]", arrival), lines = all("[data-sku]", arrival);
  const count = (line) => all("input", line).reduce((sum, input) => sum + (Number(input.value) || 0), 0);
  scanned.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    const sku = scanned.value.trim().toUpperCase();
    if (!sku) return;
    const mine = lines.filter((line) => line.dataset.sku.toUpperCase() === sku);
    const line = mine.find((each) => count(each) < Number(each.dataset.open)) ?? mine[0];
    for (const each of lines) each.classList.toggle("scanned", each === line);
    if (line) { const input = one("input", line); input.value = (Number(input.value) || 0) + 1; line.scrollIntoView({ block: "nearest" }); }
    said.textContent = line ? `${line.dataset.sku}: ${whole.format(count(line))} of ${whole.format(line.dataset.open)}` : `${scanned.value} is not on this order`;
    said.className = line ? "big-line" : "big-line neg";
    beep(Boolean(line) && count(line) <= Number(line.dataset.open));
    scanned.select();
  });
  one("[data-all]", arrival).addEventListener("click", () => { for (const line of lines) if (!count(line)) one("input", line).value = line.dataset.open; });
}
for (const code of all("[data-origin]")) code.textContent = location.origin + code.textContent;

// The palette, and keys: / or Ctrl-K finds, g then a letter goes.
const palette = one("#palette");
if (palette) {
  const works = /operate|admin/.test(document.body.dataset.may);
  const floor = [["Receive", "/floor/receive"], ["Adjust", "/floor/adjust"], ["Count", "/floor/count"], ["Transfer", "/floor/transfer"], ["Returns", "/returns"]];
  const pages = [["Overview", "/"], ["Stock", "/stock"], ["Orders", "/orders"], ["To order", "/replenishment"], ["Purchase orders", "/purchase_orders"], ["Suppliers", "/suppliers"], ...(works ? floor : []), ["Stocktakes", "/counts"], ["On the way", "/transfers"], ["Books", "/books"], ["Settings", "/settings"]];
  const field = one("input", palette), list = one("ul", palette);
  let chosen = 0, asked = 0, waiting;
  const choose = (index) => {
    const items = all("li", list);
    if (!items.length) return;
    chosen = (index + items.length) % items.length;
    items.forEach((item, at) => item.setAttribute("aria-selected", at === chosen));
    field.setAttribute("aria-activedescendant", items[chosen].id);
    items[chosen].scrollIntoView({ block: "nearest" });
  };
  const item = (title, more, right, href) => {
    const li = document.createElement("li"), strong = document.createElement("strong"), em = document.createElement("em"), span = document.createElement("span");
    [strong.textContent, em.textContent, span.textContent] = [title, more, right];
    li.setAttribute("role", "option"); li.dataset.href = href; li.append(strong, em, span);
    li.addEventListener("click", () => { location.href = href; });
    return li;
  };
  const fill = async () => {
    const text = field.value.trim(), mine = ++asked;
    const found = pages.filter(([name]) => name.toLowerCase().startsWith(text.toLowerCase())).map(([name, href]) => item(name, "", "Page", href));
    if (text) {
      try {
        const answer = await fetch(`/palette?q=${encodeURIComponent(text)}`);
        if (answer.ok) for (const row of await answer.json()) found.push(item(row.sku, row.name, `${whole.format(row.available)} available`, `/products/${encodeURIComponent(row.sku)}`));
      } catch { found.push(item("The server cannot be reached", "", "", location.href)); }
    }
    if (mine !== asked) return;
    if (text) found.push(item(text, "", "Find this order", `/orders?q=${encodeURIComponent(text)}`));
    found.forEach((each, index) => { each.id = `palette-${index}`; });
    list.replaceChildren(...found);
    choose(0);
  };
  const open = () => { field.value = ""; palette.showModal(); fill(); };
  field.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(fill, 80); });
  field.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); choose(chosen + (event.key === "ArrowDown" ? 1 : -1)); }
    if (event.key === "Enter" && list.children[chosen]) { event.preventDefault(); location.href = list.children[chosen].dataset.href; }
  });
  for (const button of all("[data-palette]")) button.addEventListener("click", open);
  let leader = 0;
  addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "k") { event.preventDefault(); if (!one("dialog[open]")) open(); return; }
    const typing = /INPUT|SELECT|TEXTAREA/.test(event.target.tagName) && !event.target.closest("dialog"); // A closed one may keep the focus.
    if (one("dialog[open]") || event.ctrlKey || event.metaKey || event.altKey || typing) return;
    if (event.key === "?") { event.preventDefault(); one("#keys").showModal(); return; }
    if (event.key === "/") { event.preventDefault(); open(); }
    const target = { o: "/", s: "/stock", r: "/orders", c: "/counts", p: "/replenishment", f: works ? "/floor" : "/counts", e: "/settings" }[event.key];
    if (target && Date.now() - leader < 1000) location.href = target;
    leader = event.key === "g" ? Date.now() : 0;
  });
}
