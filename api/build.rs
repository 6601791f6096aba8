//! Takes the built pages of `web/dashboard` into the program. Without them a page says how to build them, so that the
//! program itself never needs node.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

const BUILT: &str = "../web/dashboard/dist";
const UNBUILT: &str = "<!doctype html><html lang=en><meta charset=utf-8><title>Carvetka sync</title>\
    <p>This api was built without its pages. Run <code>make web</code>, then build it again.";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={BUILT}");
    let out = env::var_os("OUT_DIR")
        .map(PathBuf::from)
        .ok_or_else(|| io::Error::other("cargo names no OUT_DIR"))?;
    let mut files = Vec::new();
    gather(Path::new(BUILT), &mut files)?;
    if !files.contains(&Path::new(BUILT).join("index.html")) {
        let page = out.join("index.html");
        fs::write(&page, UNBUILT)?;
        return write(&out, &out, &[page]);
    }
    files.sort();
    write(&out, Path::new(BUILT), &files)
}

/// All files below, without hidden ones.
fn gather(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if entry.file_type()?.is_dir() {
            gather(&entry.path(), files)?;
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// A table of names and contents, as `src/dashboard.rs` includes it.
fn write(out: &Path, root: &Path, files: &[PathBuf]) -> io::Result<()> {
    let mut table = "const FILES: &[(&str, &[u8])] = &[\n".to_owned();
    for file in files {
        let name = file.strip_prefix(root).map_err(io::Error::other)?;
        let (name, place) = (name.display(), file.canonicalize()?);
        writeln!(table, "    (r\"{name}\", include_bytes!(r\"{}\")),", place.display())
            .map_err(io::Error::other)?;
    }
    fs::write(out.join("dashboard.rs"), table + "];\n")
}
