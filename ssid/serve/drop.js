"use strict";

const drop = document.querySelector(".drop");
const status = document.querySelector(".status");
const result = document.querySelector(".result");
const pictures = [result.querySelector(".rainy"), result.querySelector(".derained")];
const save = result.querySelector(".save");
let busy = false;

const say = (text, failed) => {
  status.textContent = text;
  status.classList.toggle("failed", Boolean(failed));
};

const show = (rainy, derained, name) => {
  const addresses = [rainy, derained].map((content) => URL.createObjectURL(content));
  for (const picture of pictures) URL.revokeObjectURL(picture.src);
  pictures.forEach((picture, index) => (picture.src = addresses[index]));
  save.href = addresses[1];
  save.download = name.replace(/\.[^.]*$/, "") + "-derained.png";
  result.hidden = false;
};

const send = async (file) => {
  if (!file || busy) return;
  busy = true;
  say(`Deraining ${file.name} …`);
  try {
    const answer = await fetch("derain", { method: "POST", body: file });
    if (!answer.ok) throw new Error(await answer.text());
    show(file, await answer.blob(), file.name);
    say(`Done: ${file.name}. Move the divider to compare.`);
  } catch (error) {
    say(error.message, true);
  }
  busy = false;
};

drop.querySelector("input").addEventListener("change", (event) => send(event.target.files[0]));
for (const type of ["dragenter", "dragover", "dragleave", "drop"]) {
  document.addEventListener(type, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", type === "dragenter" || type === "dragover");
    if (type === "drop") send(event.dataTransfer.files[0]);
  });
}
