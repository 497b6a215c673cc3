//! A line with length: every byte arrives half a round trip after it was sent, both ways.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

/// Bytes on the line at once, each way; beyond it the sender waits, as on a real one.
const IN_FLIGHT_MAX: usize = 1 << 20;
const CHUNK: usize = 16 * 1024;

/// The server's end of a connection.
pub(super) enum Line {
    Direct(TcpStream),
    Long(DuplexStream),
}

/// Puts `round_trip` between the client and us. A new connection waits one round trip more, which is what the TCP
/// handshake would have taken and loopback did not.
pub(super) async fn line(tcp: TcpStream, round_trip: Duration, tasks: &TaskTracker) -> Line {
    if round_trip.is_zero() {
        return Line::Direct(tcp);
    }
    tokio::time::sleep(round_trip).await;
    let one_way = round_trip / 2;
    let (ours, far) = tokio::io::duplex(CHUNK);
    let (tcp_in, tcp_out) = tcp.into_split();
    let (far_in, far_out) = tokio::io::split(far);
    // Either direction's end ends the other: a closed connection is closed for both.
    tasks.spawn(async move {
        tokio::select! {
            () = carry(tcp_in, far_out, one_way) => {}
            () = carry(far_in, tcp_out, one_way) => {}
        }
    });
    Line::Long(ours)
}

/// Copies until the reader ends or the writer fails; what was under way at the end still arrives.
async fn carry(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, one_way: Duration) {
    let mut line: VecDeque<(Instant, Vec<u8>)> = VecDeque::new();
    let mut in_flight = 0;
    let mut open = true;
    let mut chunk = vec![0; CHUNK];
    while open || !line.is_empty() {
        let due = line.front().map(|(at, _)| *at);
        tokio::select! {
            biased;
            () = until(due) => {
                let Some((_, bytes)) = line.pop_front() else { continue };
                in_flight -= bytes.len();
                if to.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            read = from.read(&mut chunk), if open && in_flight < IN_FLIGHT_MAX => match read {
                Ok(0) | Err(_) => open = false,
                Ok(n) => {
                    in_flight += n;
                    line.push_back((Instant::now() + one_way, chunk.get(..n).unwrap_or_default().to_vec()));
                }
            }
        }
    }
    to.shutdown().await.ok(); // the other side may be gone already
}

async fn until(due: Option<Instant>) {
    match due {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

impl AsyncRead for Line {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Direct(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Self::Long(far) => Pin::new(far).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Line {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Direct(tcp) => Pin::new(tcp).poll_write(cx, buf),
            Self::Long(far) => Pin::new(far).poll_write(cx, buf),
        }
    }
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Direct(tcp) => Pin::new(tcp).poll_flush(cx),
            Self::Long(far) => Pin::new(far).poll_flush(cx),
        }
    }
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Direct(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Self::Long(far) => Pin::new(far).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn bytes_arrive_in_order_after_half_a_round_trip_and_the_end_arrives_last() {
        let (mut near, near_end) = tokio::io::duplex(64);
        let (far_end, mut far) = tokio::io::duplex(64);
        let line = tokio::spawn(carry(near_end, far_end, Duration::from_millis(50)));
        let start = Instant::now();
        near.write_all(b"one ").await.unwrap();
        tokio::time::sleep(Duration::from_millis(10)).await;
        near.write_all(b"two").await.unwrap();
        drop(near);
        let mut first = [0; 4];
        far.read_exact(&mut first).await.unwrap();
        assert_eq!((&first[..], start.elapsed().as_millis()), (&b"one "[..], 50));
        let mut rest = Vec::new();
        far.read_to_end(&mut rest).await.unwrap();
        assert_eq!((&rest[..], start.elapsed().as_millis()), (&b"two"[..], 60));
        line.await.unwrap();
    }
}
