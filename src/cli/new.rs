//! `mqlab new`: a commented scenario to start from.

use super::args::NewArgs;
use super::exit::Exit;
use super::failure::{Failure, plain, shown};
use super::load;
use super::output::Output;
use super::shell::quoted;
use std::fs::OpenOptions;
use std::io::{self, Write};

pub(super) fn new(args: &NewArgs, out: &mut Output) -> Result<Exit, Failure> {
    let Some(path) = args.file.as_deref().filter(|path| *path != "-") else {
        out.text(load::template())?;
        return Ok(Exit::Holds);
    };
    let opened = OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = opened.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Failure::usage(format!("{} is there already, and nothing is overwritten", shown(path)))
        }
        _ => Failure::usage(format!("cannot write {}: {}", shown(path), plain(&error))),
    })?;
    let written = file.write_all(load::template().as_bytes());
    written.map_err(|error| Failure::of_write(&error, &shown(path)))?;
    out.line(&format!("wrote {0}; run it with: mqlab run {0}", quoted(path)))?;
    Ok(Exit::Holds)
}
