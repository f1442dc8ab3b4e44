//! A program of this machine in place of a host: its standard input, its output to the end, one time limit.

use std::process::Stdio;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;
use tokio::time::timeout;

use super::exec::{CLOSING, STDERR_KEPT};
use super::group::Group;
use super::intake::{Full, Intake};
use super::{Answer, Ended, Limits, faults};
use crate::snapshot::{Fault, Phase, quote};

/// Why a conversation ended before its end.
enum Broken {
    Io(std::io::Error),
    TooMuch(Fault),
}

/// Runs a program, feeds it `stdin`, and keeps what it prints as if a host had; `name` is what messages
/// call it. It is killed when the time is over.
pub(crate) async fn exchange(
    mut command: Command,
    name: &str,
    (stdin, nonce): (&[u8], &str),
    limits: &Limits,
) -> Answer {
    let (mut stdout, mut stderr) = (Intake::new(nonce, limits.budget.clone()), Vec::new());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Group::prepare(&mut command);
    let running = converse(&mut command, stdin, limits.bytes, &mut stdout, &mut stderr);
    let ended = match timeout(limits.host, running).await {
        Ok(Ok(ended)) => ended,
        Ok(Err(Broken::TooMuch(fault))) => Ended::Fault(fault),
        Ok(Err(Broken::Io(error))) => Ended::Fault(
            Fault::new(Phase::Run, format!("{name} could not be run on this machine"))
                .detail(quote(error.to_string().as_bytes()))
                .hint("is it installed, and may this user run more programs?"),
        ),
        Err(_) => Ended::Fault(Fault::deadline(limits.host, Phase::Run)),
    };
    Answer { stdout: stdout.finish(), stderr, ended }
}

async fn converse(
    command: &mut Command,
    stdin: &[u8],
    most: u64,
    stdout: &mut Intake,
    stderr: &mut Vec<u8>,
) -> Result<Ended, Broken> {
    let mut child = command.spawn().map_err(Broken::Io)?;
    let _group = Group::of(&child);
    let (into, out, err) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let feed = async {
        if let Some(mut into) = into {
            // A program that ends early has said why by other means.
            let _ = into.write_all(stdin).await;
        }
        Ok(())
    };
    let told = async {
        tokio::try_join!(feed, read(out, most, stdout))?;
        child.wait().await.map_err(Broken::Io)
    };
    let complaints = quotable(err, stderr);
    tokio::pin!(told, complaints);
    let mut heard = false;
    let status = loop {
        tokio::select! {
            status = &mut told => break status?,
            said = &mut complaints, if !heard => {
                said?;
                heard = true;
            }
        }
    };
    if !heard {
        // Standard error may be held open by what the program left behind: nobody waits for that.
        let _ = timeout(CLOSING, complaints).await;
    }
    Ok(Ended::Exit(status.code().map_or(255, i32::unsigned_abs)))
}

async fn read(from: Option<impl AsyncRead + Unpin>, most: u64, into: &mut Intake) -> Result<(), Broken> {
    let Some(mut from) = from else { return Ok(()) };
    let mut bytes = vec![0; 64 << 10];
    let mut left = most;
    loop {
        let length = from.read(&mut bytes).await.map_err(Broken::Io)?;
        if length == 0 {
            return Ok(());
        }
        let read = bytes.get(..length).unwrap_or_default();
        into.push(read).map_err(|Full| Broken::TooMuch(faults::no_room()))?;
        left =
            left.checked_sub(length as u64).ok_or_else(|| Broken::TooMuch(faults::too_much(Phase::Run)))?;
    }
}

/// Reads to the end and keeps what may be quoted.
async fn quotable(from: Option<impl AsyncRead + Unpin>, into: &mut Vec<u8>) -> Result<(), Broken> {
    let Some(mut from) = from else { return Ok(()) };
    (&mut from).take(STDERR_KEPT as u64).read_to_end(into).await.map_err(Broken::Io)?;
    tokio::io::copy(&mut from, &mut tokio::io::sink()).await.map_err(Broken::Io)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn shell() -> Command {
        let mut shell = Command::new("/bin/sh");
        shell.arg("-s");
        shell
    }

    #[tokio::test]
    async fn a_program_answers_as_a_host_does() {
        let script = b"echo out; echo err >&2; exit 3\n";
        let answer = exchange(shell(), "/bin/sh", (script, "ab"), &Limits::default()).await;
        assert_eq!((answer.stdout.as_slice(), answer.stderr.as_slice()), (&b"out\n"[..], &b"err\n"[..]));
        assert_eq!(answer.ended, Ended::Exit(3));
    }

    #[tokio::test]
    async fn a_program_that_does_not_end_is_ended() {
        let limits = Limits { host: Duration::from_millis(100), ..Limits::default() };
        let answer = exchange(shell(), "/bin/sh", (b"echo early; sleep 60\n", "ab"), &limits).await;
        assert_eq!(answer.stdout, b"early\n");
        assert!(matches!(answer.ended, Ended::Fault(fault) if fault.phase == Phase::Timeout));
    }

    #[tokio::test]
    async fn a_program_that_floods_is_cut_off() {
        let limits = Limits { bytes: 100_000, ..Limits::default() };
        let script = b"head -c 10000000 /dev/zero\n";
        let answer = exchange(shell(), "/bin/sh", (script, "ab"), &limits).await;
        assert!(matches!(answer.ended, Ended::Fault(fault) if fault.message.contains("sent more than")));
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_is_named() {
        let command = Command::new("/nonexistent/ssh");
        let answer = exchange(command, "ssh", (b"", "ab"), &Limits::default()).await;
        assert!(matches!(answer.ended, Ended::Fault(fault) if fault.message.starts_with("ssh could not")));
    }
}
