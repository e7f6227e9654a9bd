(folder, script, program, loader) => {
  const named = (selector) => document.querySelector(selector)?.content ?? "";
  const ahead = (rel, href) => {
    const link = document.createElement("link");
    Object.assign(link, { rel, href, crossOrigin: "anonymous" });
    if (rel === "preload") link.as = "fetch";
    document.head.append(link);
  };
  let begun = false;
  const begin = () => {
    if (begun) return;
    begun = true;
    ahead("modulepreload", script);
    ahead("preload", program);
    ahead("preload", named("#dictionary"));
    const code = named("meta[name=code]").split(" ").filter(Boolean);
    if (code.length > 0) ahead("modulepreload", loader);
    // A few at a time: all at once would keep the page from answering. The page itself fetches what is left.
    const some = () => {
      for (const file of code.splice(0, 8)) ahead("preload", `${folder}/${file}.wasm`);
      if (code.length > 0) setTimeout(some);
    };
    some();
    import(script).then(async (page) => {
      await page.default({ module_or_path: program });
      setTimeout(() => {
        code.length = 0;
        page.hydrate();
      });
    });
  };
  const root = document.documentElement;
  // Where a link leads that the program is on the way to.
  let wanted;
  addEventListener("popstate", () => (wanted = undefined));
  addEventListener(
    "click",
    (event) => {
      if (root.hasAttribute("data-hydrated")) wanted = event.target.closest("a[href]")?.href;
      else event.stopImmediatePropagation();
    },
    true,
  );
  const broken = (error) => {
    if (!(error instanceof WebAssembly.RuntimeError)) return;
    root.removeAttribute("data-hydrated");
    if (wanted && wanted !== location.href) location.assign(wanted);
  };
  addEventListener("error", (event) => broken(event.error));
  addEventListener("unhandledrejection", (event) => broken(event.reason));
  requestAnimationFrame(() => setTimeout(begin));
  setTimeout(begin, 1000);
}
