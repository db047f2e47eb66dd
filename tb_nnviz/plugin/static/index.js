/**
 * The entry that TensorBoard imports: tiny and never cached, so that the rest can be cached for ever.
 * The server replaces BUILD by the hash of the page's files. TensorBoard drops what render() throws; it is shown instead.
 */
export async function render() {
  try {
    const { start } = await import("./static/BUILD/main.js");
    start(document.body);
  } catch (error) {
    const text = document.createElement("pre");
    text.setAttribute("role", "alert");
    text.style.cssText = "padding:16px;white-space:pre-wrap;font:13px monospace;color:#c5221f";
    text.textContent = `tb_nnviz could not start\n\n${error.stack ?? error}`;
    document.body.append(text);
  }
}
