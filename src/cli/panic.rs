//! What is said when the program itself is at fault.

use super::exit::Exit;
use std::io::{self, Write};
use std::panic;

/// From now on a panic says what to report and ends the program with the exit code of an internal error.
pub fn install() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(String::new, |at| format!(" ({}:{})", at.file(), at.line()));
        let payload = info.payload();
        let text = payload.downcast_ref::<&str>().copied().or(payload.downcast_ref::<String>().map(String::as_str));
        let what = text.unwrap_or("no message");
        let version = env!("CARGO_PKG_VERSION");
        let text = format!(
            "internal error: {what}{place}\n\
             This is a fault of mqlab {version} and not of your file. Please report it with this message, the command \
             line and the file.\n"
        );
        let _ = io::stderr().write_all(text.as_bytes());
        std::process::exit(i32::from(Exit::Internal.code()));
    }));
}
