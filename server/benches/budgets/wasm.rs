//! How much a browser loads, as it is sent: the files that the build has compressed with brotli.

use crate::{
    Outcome,
    children::POMONA,
    report::{Budget, Report},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

const FIRST: &str = "wasm.first";
const LAZY: &str = "wasm.lazy";

/// A route's function and the files it needs beyond the entry, without `.wasm`.
type Routes = BTreeMap<String, BTreeSet<String>>;

pub fn measure(report: &Report) -> Outcome<()> {
    if !report.wants_any(&[FIRST, LAZY]) {
        return Ok(());
    }
    let package = Package::find()?;
    let routes: Routes = serde_json::from_slice(&fs::read(package.path(
        "__wasm_split_manifest",
        "manifest",
        "json",
    )?)?)?;
    let common = routes
        .values()
        .cloned()
        .reduce(|all, files| &all & &files)
        .ok_or("there are no lazy routes")?;
    let entry = [
        ("script", "pomona", "js", "js"),
        ("WebAssembly", "pomona", "wasm", "wasm"),
        ("styles", "pomona", "css", "css"),
        ("loader", "__wasm_split", "split", "js"),
    ];
    let (mut first, mut note) = (package.chunks(&common)?, Vec::new());
    for (what, name, key, ending) in entry {
        let size = sent(&package.path(name, key, ending)?)?;
        first += size;
        note.push(format!("{what} {:.1}", kilobytes(size)));
    }
    let note = format!(
        "brotli, 1 KB = 1,000 bytes: {}, common chunks {}",
        note.join(", "),
        common.len()
    );
    report.print(FIRST, kilobytes(first), "KB", Budget::AtMost(220.0), &note);

    let mut lazy = Vec::new();
    for (route, files) in &routes {
        lazy.push((
            package.chunks(&(files - &common))?,
            route,
            files.len() - common.len(),
        ));
    }
    let (size, route, files) = lazy.into_iter().max().ok_or("there are no lazy routes")?;
    let largest = package.largest(&routes)?;
    let note = format!(
        "{route} in {files} files; the largest single file {:.1}",
        kilobytes(largest)
    );
    report.print(LAZY, kilobytes(size), "KB", Budget::AtMost(60.0), &note);
    Ok(())
}

/// The folder `pkg` and the hashes in its files' names.
struct Package {
    folder: PathBuf,
    hashes: BTreeMap<String, String>,
}

impl Package {
    /// As the program finds it.
    fn find() -> Outcome<Self> {
        let beside = Path::new(POMONA).parent().ok_or("the program is nowhere")?;
        let text = fs::read_to_string(beside.join("hash.txt"))?;
        let pairs = text.lines().filter_map(|line| line.split_once(": "));
        let hashes = pairs
            .map(|(key, hash)| (key.to_owned(), hash.trim().to_owned()))
            .collect();
        Ok(Self {
            folder: beside.join("../site/pkg"),
            hashes,
        })
    }

    fn path(&self, name: &str, key: &str, ending: &str) -> Outcome<PathBuf> {
        let hash = self
            .hashes
            .get(key)
            .ok_or_else(|| format!("hash.txt lacks {key}"))?;
        Ok(self.folder.join(format!("{name}.{hash}.{ending}")))
    }

    fn chunk(&self, name: &str) -> Outcome<u64> {
        sent(&self.folder.join(format!("{name}.wasm")))
    }

    fn chunks(&self, names: &BTreeSet<String>) -> Outcome<u64> {
        names.iter().map(|name| self.chunk(name)).sum()
    }

    fn largest(&self, routes: &Routes) -> Outcome<u64> {
        let sizes: Vec<_> = routes
            .values()
            .flatten()
            .map(|name| self.chunk(name))
            .collect::<Outcome<_>>()?;
        Ok(sizes.into_iter().max().unwrap_or(0))
    }
}

/// Bytes over the network.
fn sent(file: &Path) -> Outcome<u64> {
    let compressed = PathBuf::from(format!("{}.br", file.display()));
    let size = fs::metadata(&compressed).map_err(|error| format!("{}: {error}", compressed.display()))?;
    Ok(size.len())
}

fn kilobytes(bytes: u64) -> f64 {
    bytes as f64 / 1000.0
}
