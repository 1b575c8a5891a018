//! Lists the scenarios of the gallery, so that they are in the binary and can be run from any folder.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let folder = root.join("scenarios");
    let mut files = Vec::new();
    println!("cargo:rerun-if-changed=build.rs");
    if folder.is_dir() {
        println!("cargo:rerun-if-changed=scenarios");
        collect(&folder, &mut files)?;
    }
    // A theme's scenarios stand together, and those without a theme first.
    files.sort_by(|a, b| (a.parent(), a).cmp(&(b.parent(), b)));
    let mut text = String::from("&[\n");
    for file in &files {
        let inside = file.strip_prefix(&folder).unwrap_or(file).with_extension("");
        let name: Vec<String> = inside.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        let _ = writeln!(text, "    ({:?}, include_str!({:?})),", name.join("/"), file);
    }
    text.push_str("]\n");
    fs::write(PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it")).join("gallery.rs"), text)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "ron") {
            files.push(path);
        }
    }
    Ok(())
}
