// Browsers start no worker for a page that is opened from a disk: there, the script of the search runs in a hidden frame
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      frame.srcdoc = `<script src="${new URL(url, document.baseURI).href.replaceAll("&", "&amp;")}"></script>`;
      this.started = new Promise((resolve) => frame.addEventListener("load", () => resolve(frame.contentWindow)));
      document.body.append(frame);
    }

    async postMessage(data) {
      const scope = await this.started;
      scope.postMessage = (answer) => this.dispatchEvent(new MessageEvent("message", { data: answer }));
      scope.dispatchEvent(new MessageEvent("message", { data }));
    }
  };
}
