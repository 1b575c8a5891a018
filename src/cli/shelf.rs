//! The shelf of a laboratory: the gallery in the program, and files.
//!
//! A file is never half written: a text goes into a new file beside it, which then takes its place.

use super::failure::{Failure, plain, shown};
use super::gallery;
use super::input::{self, Input};
use crate::suite::{Found, Shelf, Unread};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The gallery and the file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct Files;

impl Shelf for Files {
    fn list(&self) -> Vec<(String, String, String)> {
        let entry = |entry: &gallery::Entry| (entry.theme().to_owned(), entry.name().to_owned(), entry.text.to_owned());
        gallery::ALL.iter().map(entry).collect()
    }

    fn read(&self, path: &str) -> Result<Found, Unread> {
        match input::open(path).map_err(unread)? {
            Input::Scenario { bytes, .. } => Ok(Found::Scenario(bytes)),
            Input::Trace(log) => Ok(Found::Trace(log)),
        }
    }

    fn replace(&mut self, path: &str, text: &str) -> Result<(), String> {
        // A link stays a link: what it leads to is replaced.
        let file = fs::canonicalize(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound if gallery::find(path).is_some() => {
                format!("{} is a scenario of the gallery; save to a file of your own", shown(path))
            }
            _ => cannot(path, &error),
        })?;
        let about = fs::metadata(&file).map_err(|error| cannot(path, &error))?;
        if !about.is_file() || about.permissions().readonly() {
            return Err(format!("cannot write {}: it is not a file that may be written", shown(path)));
        }
        let (beside, mut out) = beside(&file).map_err(|error| cannot(path, &error))?;
        let written = write(&mut out, text).and_then(|()| fs::set_permissions(&beside, about.permissions()));
        written.and_then(|()| fs::rename(&beside, &file)).map_err(|error| {
            // The file is what it was; what could not become it must not stay.
            let _ = fs::remove_file(&beside);
            cannot(path, &error)
        })
    }

    fn create(&mut self, path: &str, text: &str) -> Result<(), String> {
        let opened = OpenOptions::new().write(true).create_new(true).open(path);
        let mut out = opened.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => format!("{} is there already, and nothing is overwritten", shown(path)),
            _ => cannot(path, &error),
        })?;
        write(&mut out, text).map_err(|error| {
            let _ = fs::remove_file(path);
            cannot(path, &error)
        })
    }
}

/// A new file in the folder of another, on the same file system.
fn beside(file: &Path) -> io::Result<(PathBuf, File)> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    for n in 0..100 {
        let path = file.with_file_name(format!(".{name}.{n}.new"));
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            opened => return opened.map(|file| (path, file)),
        }
    }
    Err(io::Error::other("its folder is full of files that were left behind"))
}

fn write(out: &mut File, text: &str) -> io::Result<()> {
    out.write_all(text.as_bytes())?;
    out.sync_all()
}

fn cannot(path: &str, error: &io::Error) -> String {
    format!("cannot write {}: {}", shown(path), plain(error))
}

fn unread(failure: Failure) -> Unread {
    match failure {
        Failure::ClosedPipe => Unread::BrokenOff("the pipe was closed".to_owned()),
        Failure::Usage(text) | Failure::Told(text) => Unread::Refused(text),
        Failure::InputOutput(text) => Unread::BrokenOff(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ron");
        let name = path.to_str().unwrap();
        Files.create(name, "one").unwrap();
        assert!(Files.create(name, "two").unwrap_err().contains("nothing is overwritten"));
        Files.replace(name, "three").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "three");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn the_gallery_and_what_is_no_file_are_not_replaced() {
        let mut files = Files;
        assert!(files.replace("lost-confirm", "x").unwrap_err().contains("a file of your own"));
        let folder = tempfile::tempdir().unwrap();
        assert!(files.replace(folder.path().to_str().unwrap(), "x").unwrap_err().contains("not a file"));
    }
}
