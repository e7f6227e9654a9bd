//! Files and folders that are their owner's alone: there are passwords, tokens and people's names in them.

use std::{
    fs::{DirBuilder, File, OpenOptions, remove_file, rename},
    io::{self, ErrorKind, Write},
    path::Path,
};

/// Makes a folder, with those above it; one that is there stays as its administrator wants it.
pub fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)
}

/// Makes an empty file, unless there is one.
pub fn make_file(path: &Path) -> io::Result<()> {
    match new_file(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        made => made.map(drop),
    }
}

/// Writes a file beside its place and moves it there: there is always a whole one.
pub fn write_file(path: &Path, text: &str) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = Path::new(&beside);
    match remove_file(beside) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = new_file(beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    rename(beside, path)
}

/// Makes a file that is not there yet.
pub fn new_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.write(true).create_new(true).open(path)
}
