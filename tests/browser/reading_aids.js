// Returns the problems that make a page hard to read or to operate, one sentence each. Evaluated in nnviz's frame.
() => {
  const visible = (element) => {
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    return box.width > 0 && box.height > 0 && style.visibility !== "hidden" && style.display !== "none";
  };
  const parse = (colour) => {
    const parts = colour.match(/[\d.]+/g).map(Number);
    return { rgb: parts.slice(0, 3), alpha: parts.length > 3 ? parts[3] : 1 };
  };
  const over = (top, alpha, below) => top.map((value, i) => value * alpha + below[i] * (1 - alpha));
  const background = (element) => {
    const layers = [];
    for (let one = element; one; one = one.parentElement) {
      const { rgb, alpha } = parse(getComputedStyle(one).backgroundColor);
      if (alpha > 0) layers.push({ rgb, alpha });
      if (alpha === 1) break;
    }
    return layers.reduceRight((below, { rgb, alpha }) => over(rgb, alpha, below), [255, 255, 255]);
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const opacity = (element) => {
    let product = 1;
    for (let one = element; one; one = one.parentElement) product *= Number(getComputedStyle(one).opacity);
    return product;
  };
  const complaints = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    const text = node.data.trim();
    if (!text || !element || /^(STYLE|SCRIPT|OPTION|TITLE)$/.test(element.tagName)) continue;
    if (!visible(element) || element.closest(":disabled, [aria-disabled=true], .pending")) continue;
    const style = getComputedStyle(element);
    // Elements that are shown only under the pointer or with the focus.
    if (opacity(element) === 0) continue;
    const behind = background(element);
    const { rgb, alpha } = parse(style.color);
    const front = over(rgb, alpha * opacity(element), behind);
    const [light, dark] = [luminance(front), luminance(behind)].sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    const large = Number.parseFloat(style.fontSize) >= 24;
    // WCAG 2.1, 1.4.3: 4.5 to 1, large text 3 to 1.
    if (ratio < (large ? 3 : 4.5))
      complaints.add(`contrast ${ratio.toFixed(2)} of "${text.slice(0, 40)}" (${style.color} on ${behind.map(Math.round)})`);
  }
  for (const control of document.querySelectorAll("button, input, select, textarea, [role=img], [role=dialog], [role=listbox], [role=tree]")) {
    if (!visible(control) || control.closest("[aria-hidden=true]")) continue;
    const label = control.labels?.[0]?.textContent ?? "";
    const by = (control.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id)?.textContent ?? "");
    const name = [control.getAttribute("aria-label"), ...by, label, control.getAttribute("title")];
    if (control.tagName === "BUTTON") name.push(control.textContent);
    if (!name.some((one) => one?.trim())) complaints.add(`no name: ${control.outerHTML.slice(0, 120)}`);
  }
  for (const control of document.querySelectorAll("#tab-panel button, #tab-panel select, #tab-panel input")) {
    if (!visible(control)) continue;
    let scrolls = false;
    for (let one = control.parentElement; one; one = one.parentElement)
      if (/auto|scroll/.test(getComputedStyle(one).overflowX)) scrolls = true;
    const { left, right } = control.getBoundingClientRect();
    if (!scrolls && (left < -1 || right > innerWidth + 1)) complaints.add(`cut off: ${control.outerHTML.slice(0, 120)}`);
  }
  if (document.documentElement.scrollWidth > innerWidth) complaints.add("the page scrolls sideways");
  return [...complaints];
};
