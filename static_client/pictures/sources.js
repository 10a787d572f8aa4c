/** The ways in for pictures: chosen, photographed, pasted or dropped. What becomes of them is the listener's business. */

/** @param {(file: File) => void} onFile @param {(words: string) => void} onTrouble */
export function listenForPictures(onFile, onTrouble) {
  document.addEventListener("change", ({ target }) => {
    const [file] = target.files ?? [];
    if (file) {
      target.value = ""; // so that the same file can be chosen again
      onFile(file);
    }
  });
  document.addEventListener("paste", (event) => {
    const [file] = event.clipboardData.files;
    if (file) {
      event.preventDefault();
      onFile(file);
    }
  });
  const { dataset } = document.body;
  document.addEventListener("dragover", (event) => {
    event.preventDefault(); // or a picture dropped beside the pad would replace the page
    event.dataTransfer.dropEffect = "copy";
    dataset.dropping = "true";
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) {
      delete dataset.dropping; // it has left the window
    }
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    delete dataset.dropping;
    const [file] = event.dataTransfer.files;
    if (file) {
      onFile(file);
    } else {
      onTrouble("Only picture files can be dropped here; this was a link or text. Save the picture first.");
    }
  });
}
