//! What a scripted vendor does on the wire, byte for byte, once a request has
//! arrived: for replies that are broken below HTTP.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use socket2::SockRef;

/// A stalled or dripping vendor gives up after this, so that no test hangs on it.
const PATIENCE: Duration = Duration::from_secs(30);

/// One thing done on the wire.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Send(Vec<u8>),
    /// The same bytes, so many times over.
    Repeat(Vec<u8>, usize),
    /// The same byte again and again, with a pause after each, until the client has enough.
    Drip(u8, Duration),
    /// Says nothing until the client has enough.
    Stall,
    /// Closes as an application does that has nothing to add.
    Close,
    /// Closes with RST, as a crashed host or an impatient load balancer does.
    Reset,
}

/// Does it all. Whether the conversation may go on.
pub(super) fn perform(acts: &[Act], mut stream: &TcpStream) -> std::io::Result<bool> {
    for act in acts {
        match act {
            Act::Send(bytes) => stream.write_all(bytes)?,
            Act::Repeat(bytes, times) => {
                // In pieces of some size, as a fast server sends them.
                let piece = bytes.repeat((64 << 10) / bytes.len() + 1);
                let mut left = bytes.len() * times;
                while left > 0 {
                    let most = left.min(piece.len());
                    stream.write_all(&piece[..most])?;
                    left -= most;
                }
            }
            Act::Drip(byte, pause) => {
                let until = Instant::now() + PATIENCE;
                while Instant::now() < until {
                    stream.write_all(&[*byte])?;
                    std::thread::sleep(*pause);
                }
                return Ok(false);
            }
            Act::Stall => {
                stream.set_read_timeout(Some(PATIENCE))?;
                let mut nothing = [0];
                // Ends when the client hangs up, or sends what nobody waits for.
                let _end = stream.read(&mut nothing)?;
                return Ok(false);
            }
            Act::Close => return Ok(false),
            Act::Reset => {
                reset_when_closed(stream)?;
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Lets the closing of `stream` send RST instead of FIN.
pub(super) fn reset_when_closed(stream: &TcpStream) -> std::io::Result<()> {
    SockRef::from(stream).set_linger(Some(Duration::ZERO))
}

/// `body` in chunks of `size` bytes, without the last one.
pub(crate) fn chunks(body: &[u8], size: usize) -> Vec<u8> {
    let chunk =
        |bytes: &[u8]| [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
    body.chunks(size).flat_map(chunk).collect()
}

/// `body` as gzip: one stored block of RFC 1951, 3.2.4.
pub(crate) fn gzip(body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).expect("one block is enough");
    let mut packed = GZIP_HEAD.to_vec();
    packed.push(1 /* the last block, stored */);
    packed.extend(length.to_le_bytes());
    packed.extend((!length).to_le_bytes());
    packed.extend_from_slice(body);
    packed.extend(crc32(body).to_le_bytes());
    packed.extend(u32::from(length).to_le_bytes());
    packed
}

/// RFC 1952, 2.3: deflate, no name, no time.
const GZIP_HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    let fold = |crc: u32, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc));
    !bytes.iter().fold(!0, fold)
}

/// A gzip body that unpacks to zeros, about 2,000 of them for each of `times`:
/// what it starts with, and what is to be sent over and over.
pub(crate) fn gzip_bomb() -> (Vec<u8>, Vec<u8>) {
    // Deflate with the fixed codes of RFC 1951, 3.2.6: a literal zero, then
    // "the same again, 258 times" over and over. Eight of those are 13 bytes.
    const AGAIN: &str = "1100010100000";
    // The last block, fixed codes, a zero; then thirteen bits, to end with a byte.
    let start = format!("11000110000{AGAIN}");
    let packed = |bits: &str| -> Vec<u8> {
        let bit = |(place, bit): (usize, &u8)| (bit - b'0') << place;
        bits.as_bytes().chunks(8).map(|byte| byte.iter().enumerate().map(bit).sum()).collect()
    };
    ([&GZIP_HEAD[..], &packed(&start)].concat(), packed(&AGAIN.repeat(8)))
}
