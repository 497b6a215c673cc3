//! Records as bytes, without any I/O.
//!
//! One frame, all integers little-endian:
//!
//! | bytes | field | meaning |
//! |---|---|---|
//! | 1 | magic | `0xB4`; zero is space that was never written |
//! | 3 | length | of the body, at most 16 MiB - 1 |
//! | 4 | crc32 | over everything else in the frame |
//! | 2 | kind | what the body is; 0 header, 1 snapshot, the rest belongs to the writer |
//! | 2 | version | of the body's schema |
//! | 8 | seq | counted from 1 over the whole journal, without a gap |
//! | 8 | synced | highest `seq` known to be on the disk when this frame was written |
//! | 16 | chain | first half of SHA-256 over the previous chain, the fields above but for the crc, and the body |
//! | .. | body | opaque |
//!
//! `crc` finds accidents, `chain` and `seq` find a record that was taken out, exchanged or put elsewhere. `synced` tells
//! a power cut from a broken disk: a bad frame that some later frame knew to be synced has *become* bad ([`End::Corrupt`],
//! refused); one that nothing later vouches for may never have reached the disk ([`End::LostTail`], cut off).

mod frame;
mod reader;

pub use frame::{Chain, FRAME_HEADER, Frame, KIND_FIRST_FREE, KIND_HEADER, KIND_SNAPSHOT, MAX_BODY, TooLong, Writer};
pub(crate) use frame::{NoFrame, decode, link};
pub(crate) use reader::peek;
pub use reader::{Damage, End, Reader};
