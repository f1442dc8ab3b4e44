//! Who is told of a run: what is posted, on which occasion, and what becomes of it where nobody listens.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use driftless::simulate::Behaviour;
use serde_json::Value;

use crate::fleet::{Fleet, answers};
use crate::harness::{Outcome, Room, wait};

/// What a hook does with one connection.
#[derive(Clone, Copy)]
enum Act {
    Answer(&'static str),
    /// It takes the request and never answers.
    Hang,
    /// It hangs up at once.
    HangUp,
}

/// A request: its head, and its body.
type Request = (String, Value);

/// A server on loopback that acts connection by connection; the last act is for all others, too.
struct Hook {
    port: u16,
    heard: Receiver<Request>,
}

impl Hook {
    fn new(acts: &'static [Act]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (tell, heard) = channel();
        thread::spawn(move || {
            for (nth, stream) in listener.incoming().enumerate() {
                let act = acts[nth.min(acts.len() - 1)];
                serve(stream.unwrap(), act, &tell);
            }
        });
        Self { port, heard }
    }

    fn address(&self) -> String {
        format!("http://127.0.0.1:{}/T0/top-secret?token=hush", self.port)
    }

    fn requests(&self) -> Vec<Request> {
        self.heard.try_iter().collect()
    }
}

fn serve(mut stream: TcpStream, act: Act, tell: &Sender<Request>) {
    if matches!(act, Act::HangUp) {
        return;
    }
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap() == 0 || line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let _ = tell.send((head, serde_json::from_slice(&body).unwrap()));
    match act {
        Act::Answer(answer) => {
            write!(stream, "HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
        }
        _ => {
            thread::spawn(move || (thread::sleep(Duration::from_secs(60)), drop(stream)));
        }
    }
}

const OK: Act = Act::Answer("200 OK");

/// Three hosts with one nginx, and one with another.
fn drifted() -> Fleet {
    let hosts = (1..=3).map(|nth| (format!("web-0{nth}"), answers(&["nginx=1.26.3-3"])));
    Fleet::new(hosts.chain([("web-04".to_owned(), answers(&["nginx=1.26.3-1"]))]))
}

fn audit(fleet: &Fleet, hook: &str, arguments: &[&str]) -> Outcome {
    fleet.audit(&[&["--webhook", hook], arguments].concat())
}

#[test]
fn a_notice_has_numbers_and_the_keys_of_what_is_new() {
    let (fleet, hook) = (drifted(), Hook::new(&[OK]));
    let run = audit(&fleet, &hook.address(), &["-v"]);
    assert_eq!(run.status, 2, "{}", run.stderr);
    let (head, notice) = hook.requests().pop().unwrap();
    assert!(head.starts_with("POST /T0/top-secret?token=hush HTTP/1.1"), "{head}");
    let head = head.to_ascii_lowercase();
    assert!(
        head.contains("content-type: application/json") && head.contains("user-agent: driftless/"),
        "{head}"
    );
    assert_eq!(notice["new"], serde_json::json!(["package-version/web/web-04/nginx"]));
    assert_eq!((&notice["summary"]["hosts"], &notice["new_count"]), (&4.into(), &1.into()));
    assert!(
        notice.get("findings").is_none() && !notice.to_string().contains("1.26.3-1"),
        "no details: {notice}"
    );
    let text = notice["text"].as_str().unwrap();
    assert!(text.contains("4 hosts: 4 audited, 1 drifted. Findings: 1 medium"), "{text}");
    assert!(text.contains("\n• medium package-version/web/web-04/nginx"), "{text}");
    for told in [&run.stdout, &run.stderr] {
        assert!(!told.contains("secret") && !told.contains("hush"), "{told}");
    }
    let all = audit(&fleet, &hook.address(), &["--notify-on", "any", "--webhook-details", "--store", "none"]);
    assert_eq!(all.status, 2);
    let (_, notice) = hook.requests().pop().unwrap();
    assert_eq!(notice["findings"][0]["observed"], "1.26.3-1");
    assert!(
        notice["text"].as_str().unwrap().contains("nginx: 1.26.3-1 where 1.26.3-3 is expected"),
        "{notice}"
    );
}

#[test]
fn what_was_told_is_not_told_again_unless_any_is_asked_for() {
    let (fleet, hook) = (drifted(), Hook::new(&[OK]));
    audit(&fleet, &hook.address(), &[]);
    assert_eq!(hook.requests().len(), 1, "the first run tells everything");
    audit(&fleet, &hook.address(), &[]);
    assert_eq!(hook.requests().len(), 0, "nothing is new");
    audit(&fleet, &hook.address(), &["--notify-on", "any"]);
    let (_, notice) = hook.requests().pop().unwrap();
    assert_eq!((&notice["new_count"], notice["before"]["id"].is_string()), (&0.into(), true));
    let offline = audit(&fleet, &hook.address(), &["--offline"]);
    assert!(offline.stderr.contains("nothing is new"), "{}", offline.stderr);
    assert_eq!(hook.requests().len(), 0, "nobody was asked");
    let clean = Fleet::of_equals(3);
    audit(&clean, &hook.address(), &["--notify-on", "any"]);
    assert_eq!(hook.requests().len(), 0, "there is nothing to tell");
    let down = (1..=3).map(|nth| (format!("web-0{nth}"), answers(&["nginx=1.26.3-3"])));
    let down = Fleet::new(down.chain([("web-04".to_owned(), Behaviour::Down)]));
    assert_eq!(audit(&down, &hook.address(), &[]).status, 3);
    let (_, notice) = hook.requests().pop().unwrap();
    assert!(notice["text"].as_str().unwrap().contains("1 unreachable"), "a host that is not audited is told");
}

#[test]
fn a_hook_that_fails_is_tried_again() {
    let (fleet, hook) = (drifted(), Hook::new(&[Act::Answer("503 Service Unavailable"), Act::HangUp, OK]));
    let run = audit(&fleet, &hook.address(), &[]);
    assert_eq!((run.status, run.stderr.as_str()), (2, ""));
    assert_eq!(hook.requests().len(), 2, "one hung up before it heard anything");
}

#[test]
fn a_hook_that_never_answers_or_always_refuses_costs_no_report() {
    let fleet = drifted();
    for (acts, why) in [
        (&[Act::Hang] as &'static [Act], "it did not answer in time"),
        (&[Act::Answer("500 Internal Server Error")], "it answered 500 (2 attempts)"),
        (&[Act::Answer("404 Not Found")], "it answered 404: is the hook still there?"),
        (&[Act::Answer("302 Found\r\nLocation: http://127.0.0.1:9/")], "it answered 302: it has moved"),
        (&[Act::HangUp], "(2 attempts)"),
    ] {
        let (hook, began) = (Hook::new(acts), Instant::now());
        let run = audit(
            &fleet,
            &hook.address(),
            &["--webhook-timeout", "2", "--store", "none", "-o", "json=r.json", "-q", "-o", "table"],
        );
        assert_eq!(run.status, 1, "{}", run.stderr);
        assert!(began.elapsed() < Duration::from_secs(20), "it took {:?}", began.elapsed());
        assert!(
            run.stderr.contains("webhook http://127.0.0.1/...: the notice was not delivered")
                && run.stderr.contains(why),
            "{}",
            run.stderr
        );
        assert!(!run.stderr.contains("secret") && !run.stderr.contains("hush"), "{}", run.stderr);
        assert!(run.stdout.contains("driftless audit   4 hosts"), "{}", run.stdout);
        assert!(std::fs::remove_file(fleet.room.path("r.json")).is_ok(), "the file was written");
    }
    // Nobody listens there, and the run is kept all the same.
    let run = audit(&fleet, "http://127.0.0.1:9/x", &["--webhook-timeout", "1"]);
    assert!(
        run.status == 1 && run.stderr.contains("no connection could be made")
            || run.stderr.contains("the connection failed"),
        "{}",
        run.stderr
    );
    let history = fleet.room.run(&["history", "-o", "json"]).json();
    assert_eq!(history["runs"][0]["drifted"], 1, "{history}");
}

#[test]
fn an_address_comes_from_the_environment_or_a_file_and_is_shown_nowhere() {
    let (fleet, hook) = (drifted(), Hook::new(&[OK]));
    fleet.room.write("hook", format!("# the chat\n{}\nAuthorization: Bearer hush-hush\n", hook.address()));
    assert_eq!(audit(&fleet, "@hook", &["--store", "none"]).status, 2);
    assert!(hook.requests()[0].0.to_ascii_lowercase().contains("authorization: bearer hush-hush"));
    let mut command = fleet.command(&["--store", "none"]);
    assert_eq!(wait(command.env("DRIFTLESS_WEBHOOK", hook.address()).spawn().unwrap()).status, 2);
    assert_eq!(hook.requests().len(), 1);
    let mut help = fleet.room.command(&["audit", "--help"]);
    let help = wait(help.env("DRIFTLESS_WEBHOOK", "https://hooks.example.net/hush").spawn().unwrap());
    assert!(help.stdout.contains("DRIFTLESS_WEBHOOK") && !help.stdout.contains("hush"), "{}", help.stdout);
    fleet.room.write("empty", "# nothing\n");
    for (wrong, why) in [
        ("hush", "it is no address of the web"),
        ("ftp://127.0.0.1/hush", "it is no address of the web"),
        ("https://a:hush@127.0.0.1/", "a password in an address is not sent"),
        ("@empty", "empty: it has no address"),
        ("@none", "none"),
    ] {
        let run = audit(&fleet, wrong, &[]);
        assert!(
            run.status == 1 && run.stderr.contains(why) && !run.stderr.contains("hush"),
            "{}",
            run.stderr
        );
        assert_eq!(run.stdout, "", "no host is asked");
    }
}

/// A process that ends with its test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A hook that speaks TLS, with a certificate of its own.
const TLS: &str = "import http.server, ssl, sys
class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers['content-length']))
        self.send_response(204); self.end_headers()
    def log_message(self, *_): pass
server = http.server.HTTPServer(('127.0.0.1', 0), Hook)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain('cert.pem', 'cert.key')
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()";

#[test]
#[ignore = "needs openssl: scripts/test"]
fn a_certificate_that_nobody_vouches_for_is_not_taken() {
    let fleet = drifted();
    let room: &Room = &fleet.room;
    let mut openssl = Command::new("openssl");
    openssl.args([
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]);
    openssl.args([
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost",
        "-addext",
        "basicConstraints=critical,CA:FALSE",
    ]);
    openssl.args(["-keyout", "cert.key", "-out", "cert.pem"]).current_dir(room.path("."));
    assert!(openssl.output().unwrap().status.success());
    let mut python = Command::new("python3");
    python.args(["-c", TLS]).current_dir(room.path(".")).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut server = Server(python.spawn().unwrap());
    let mut port = String::new();
    BufReader::new(server.0.stdout.take().unwrap()).read_line(&mut port).unwrap();
    let address = format!("https://localhost:{}/hush", port.trim());
    let run = audit(&fleet, &address, &["--store", "none"]);
    assert!(
        run.status == 1 && run.stderr.contains("is not accepted") && !run.stderr.contains("hush"),
        "{}",
        run.stderr
    );
    let mut trusted = fleet.command(&["--webhook", &address, "--store", "none"]);
    let run = wait(trusted.env("SSL_CERT_FILE", room.path("cert.pem")).spawn().unwrap());
    assert_eq!((run.status, run.stderr.as_str()), (2, ""));
}
