//! The built front end, as pages name it, and the script that fetches it.

use leptos::{nonce::use_nonce, prelude::*};
use std::{collections::HashMap, fs, path::Path, sync::OnceLock};

/// The addresses of what the browser loads.
pub struct Package {
    folder: String,
    style: String,
    script: String,
    program: String,
    /// What fetches the code of pages, and that code: by the name of its function, the files' names with blanks between.
    loader: String,
    code: HashMap<String, String>,
}

static PACKAGE: OnceLock<Package> = OnceLock::new();

impl Package {
    /// Read once: another build is another server.
    pub fn of(options: &LeptosOptions) -> &'static Self {
        PACKAGE.get_or_init(|| Self::read(options))
    }

    /// The files that a lazy function needs.
    pub fn code(function: &str) -> Option<&'static str> {
        let code = &PACKAGE.get()?.code;
        code.get(function).map(String::as_str)
    }

    fn read(options: &LeptosOptions) -> Self {
        let hashes = hashes(options);
        let named = |name: &str, kind: &str, ending: &str| match hashes.get(kind) {
            Some(hash) => format!("{name}.{hash}.{ending}"),
            None => format!("{name}.{ending}"),
        };
        let folder = format!("/{}", options.site_pkg_dir);
        let manifest = Path::new(&*options.site_root)
            .join(&*options.site_pkg_dir)
            .join(named("__wasm_split_manifest", "manifest", "json"));
        let manifest = fs::read_to_string(manifest).unwrap_or_default();
        let code: HashMap<String, Vec<String>> = serde_json::from_str(&manifest).unwrap_or_default();
        let address = |kind, ending| format!("{folder}/{}", named(&options.output_name, kind, ending));
        let loader = match hashes.contains_key("split") {
            true => named("__wasm_split", "split", "js"),
            false => "__wasm_split.______________________.js".to_owned(),
        };
        Self {
            style: address("css", "css"),
            script: address("js", "js"),
            program: address("wasm", "wasm"),
            loader: format!("{folder}/{loader}"),
            code: code
                .into_iter()
                .map(|(function, files)| (function, files.join(" ")))
                .collect(),
            folder,
        }
    }
}

/// What stands behind the names of the files, where it does.
fn hashes(options: &LeptosOptions) -> HashMap<String, String> {
    if !options.hash_files {
        return HashMap::new();
    }
    let program = std::env::current_exe().unwrap_or_default();
    let file = program.with_file_name(&*options.hash_file);
    let text = fs::read_to_string(&file).unwrap_or_else(|error| {
        leptos::logging::error!("{}: {error}", file.display());
        String::new()
    });
    let pairs = text.lines().filter_map(|line| line.split_once(':'));
    pairs
        .map(|(kind, hash)| (kind.trim().to_owned(), hash.trim().to_owned()))
        .collect()
}

/// Fetches the program once the page is painted: on a slow line what is read comes before what moves. A page that nobody
/// looks at is not painted, and waits for a second. Until the page lives, links are the browser's own: the router would
/// leave a page that is half brought to life. So they are again once the program is broken, as when a page's code is no
/// longer to be had after an update; the link that led there is then followed by the browser.
const START: &str = include_str!("package/start.js");

/// The page's style; a component of leptos_meta would look for its name on the disk with each page.
#[component]
pub fn Style(options: LeptosOptions) -> impl IntoView {
    view! { <link rel="stylesheet" href=Package::of(&options).style.as_str()/> }
}

/// The script that starts the page, with the request's nonce.
#[component]
pub fn Program(options: LeptosOptions) -> impl IntoView {
    let Package {
        folder,
        script,
        program,
        loader,
        ..
    } = Package::of(&options);
    let start = format!("({START})({folder:?}, {script:?}, {program:?}, {loader:?});");
    view! { <script type="module" nonce=use_nonce()>{start}</script> }
}
