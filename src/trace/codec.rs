//! placeholder, being written
/// Version
pub const VERSION: u32 = 1;
/// Longest line
pub const MAX_LINE: usize = 1 << 20;
/// Error
#[derive(Debug)]
pub struct DecodeError;
/// Encode
pub fn encode() {}
/// Decode
pub fn decode() {}
