//! Paths, part by part.

/// The parts between the slashes; one empty part for `/`.
pub fn of(path: &str) -> impl Iterator<Item = &str> {
    path.trim_matches('/').split('/')
}

/// What stands for each `:name` of `pattern` in `path`; none if it is another path.
pub fn matched(pattern: &'static str, path: &str) -> Option<Vec<(&'static str, String)>> {
    let mut params = Vec::new();
    let mut parts = of(path);
    for wanted in of(pattern) {
        let part = parts.next()?;
        match wanted.strip_prefix(':') {
            Some(name) if !part.is_empty() => params.push((name, part.to_owned())),
            None if wanted == part => {}
            _ => return None,
        }
    }
    parts.next().is_none().then_some(params)
}
