/** Listens for picture files: chosen, photographed, pasted or dropped. */

/** @param {(file: File) => void} onFile @param {(words: string) => void} onError */
export function listenForPictures(onFile, onError) {
  document.addEventListener("change", ({ target }) => {
    const [file] = target.files ?? [];
    if (file) {
      target.value = ""; // allows the same file again
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
    event.preventDefault(); // else the browser opens the dropped file
    event.dataTransfer.dropEffect = "copy";
    dataset.dropping = "true";
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) {
      delete dataset.dropping; // left the window
    }
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    delete dataset.dropping;
    const [file] = event.dataTransfer.files;
    if (file) {
      onFile(file);
    } else {
      onError("Only image files can be dropped here. Save the image first.");
    }
  });
}
