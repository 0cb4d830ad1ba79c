/** Where a chat program shows a page inside itself: copies the address, for a browser of the reader's own. */
const button = document.querySelector("[data-copy]");
button.hidden = false;
button.addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(location.href);
    button.textContent = button.dataset.done;
  } catch {
    document.querySelector("[data-address]").focus();
    document.querySelector("[data-address]").select();
  }
});
