//! This machine itself: the same probe and the same limits, without SSH.

use std::process::Stdio;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio::time::timeout;

use crate::snapshot::{Fault, Phase, quote};
use crate::ssh::{Answer, Ended, Limits};

/// How much of standard error is kept: it is only ever quoted.
const STDERR_KEPT: u64 = 64 << 10;

/// Feeds `stdin` to a shell of this machine, as SSH does on a host.
pub(super) async fn exchange(stdin: &[u8], limits: &Limits) -> Answer {
    let mut answer = Answer { stdout: Vec::new(), stderr: Vec::new(), ended: Ended::Exit(0) };
    let running = converse(stdin, limits.bytes, &mut answer);
    answer.ended = match timeout(limits.host, running).await {
        Ok(Ok(ended)) => ended,
        Ok(Err(error)) => Ended::Fault(
            Fault::new(Phase::Run, "/bin/sh could not be run on this machine")
                .detail(quote(error.to_string().as_bytes())),
        ),
        Err(_) => Ended::Fault(Fault::deadline(limits.host, Phase::Run)),
    };
    answer
}

async fn converse(stdin: &[u8], most: u64, answer: &mut Answer) -> std::io::Result<Ended> {
    let mut shell = Command::new("/bin/sh")
        .arg("-s")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let (into, out, err) = (shell.stdin.take(), shell.stdout.take(), shell.stderr.take());
    let feed = async {
        if let Some(mut into) = into {
            // A shell that ends early has said why by other means.
            let _ = into.write_all(stdin).await;
        }
        Ok(())
    };
    tokio::try_join!(feed, read(out, most, &mut answer.stdout), read(err, STDERR_KEPT, &mut answer.stderr))?;
    let status = shell.wait().await?;
    Ok(Ended::Exit(status.code().map_or(255, i32::unsigned_abs)))
}

/// Reads to the end and keeps the first `most` bytes.
async fn read(from: Option<impl AsyncRead + Unpin>, most: u64, into: &mut Vec<u8>) -> std::io::Result<()> {
    let Some(mut from) = from else { return Ok(()) };
    (&mut from).take(most).read_to_end(into).await?;
    tokio::io::copy(&mut from, &mut tokio::io::sink()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn the_shell_of_this_machine_answers() {
        let answer = exchange(b"echo out; echo err >&2; exit 3\n", &Limits::default()).await;
        assert_eq!((answer.stdout.as_slice(), answer.stderr.as_slice()), (&b"out\n"[..], &b"err\n"[..]));
        assert_eq!(answer.ended, Ended::Exit(3));
    }

    #[tokio::test]
    async fn a_shell_that_does_not_end_is_ended() {
        let limits = Limits { host: Duration::from_millis(100), ..Limits::default() };
        let answer = exchange(b"echo early; sleep 60\n", &limits).await;
        assert_eq!(answer.stdout, b"early\n");
        assert!(matches!(answer.ended, Ended::Fault(fault) if fault.phase == Phase::Timeout));
    }
}
