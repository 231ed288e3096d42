"use strict";

// The divider of each pair of pictures: drag or tap anywhere, or use the arrow keys.
for (const compare of document.querySelectorAll(".compare")) {
  const range = compare.querySelector("input");
  const show = () => {
    compare.style.setProperty("--split", `${range.value}%`);
    range.setAttribute("aria-valuetext", `${range.value} % rainy`);
  };
  const follow = (event) => {
    const box = compare.getBoundingClientRect();
    range.value = (100 * (event.clientX - box.left)) / box.width;
    show();
  };
  range.addEventListener("input", show);
  compare.addEventListener("pointerdown", (event) => compare.setPointerCapture(event.pointerId));
  compare.addEventListener("pointermove", (event) => {
    if (compare.hasPointerCapture(event.pointerId)) follow(event);
  });
  compare.addEventListener("click", (event) => {
    follow(event);
    range.focus({ preventScroll: true });
  });
  show();
}

// Which picture lies beside the rainy one.
for (const panel of document.querySelectorAll(".panel")) {
  panel.addEventListener("change", (event) => {
    if (event.target.type !== "radio") return;
    for (const layer of panel.querySelectorAll(".layer")) {
      layer.hidden = layer.dataset.method !== event.target.value;
    }
  });
}
