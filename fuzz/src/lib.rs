//! What the fuzz targets share: a host's answer, of which one section says whatever it likes.

use driftless::probe::{Request, Section, Wanted};
use driftless::snapshot::{Reader, Snapshot};

/// What is wanted of the host, so that every section is read as one that was asked for.
fn request() -> Request {
    let mut wanted = Wanted::default();
    for (keyword, text) in [
        ("package", "nginx"),
        ("service", "nginx"),
        ("file", "/etc/nginx/*.conf"),
        ("sysctl", "vm.swappiness"),
        ("upgrade", "nginx prefix 1.26"),
        ("normalise", "1 ^#"),
        ("show", "1 yes"),
        ("sudo", "yes"),
    ] {
        wanted.add(keyword, text);
    }
    Request::new([7; 16], wanted)
}

/// The operating systems whose package systems are read.
const SYSTEMS: [&str; 4] = ["debian", "rocky", "alpine", "arch"];

/// One of some sections says what the bytes say: the first of them choose the section, the system and how it ended.
pub fn room(sections: &[Section], bytes: &[u8]) {
    let [section, system, status, payload @ ..] = bytes else { return };
    let section = sections[usize::from(*section) % sections.len()];
    let status = [0, 0, 0, 1, 126, 127][usize::from(*status) % 6];
    if let Some(snapshot) = read(section, usize::from(*system), status, payload) {
        check(&snapshot);
    }
}

/// The snapshot of a host where one section prints `payload` and ends with `status`; its tool also says it.
fn read(section: Section, system: usize, status: u8, payload: &[u8]) -> Option<Snapshot> {
    let request = request();
    let nonce = request.nonce();
    let os = format!("ID={}\nVERSION_ID=1\n", SYSTEMS[system % SYSTEMS.len()]);
    let mut stdout = format!("\n@{nonce} driftless 2\n").into_bytes();
    let mut stderr = Vec::new();
    for asked in Section::ALL {
        let name = asked.name();
        let (said, status) = match asked {
            _ if asked == section => (payload, status),
            Section::OsRelease => (os.as_bytes(), 0),
            Section::Dpkg => (b"nginx\tamd64\t1.26.3-3\tii \n".as_slice(), 0),
            _ => (b"".as_slice(), 127),
        };
        let begin = format!("\n@{nonce} begin {name}\n");
        let end = format!("\n@{nonce} end {name} {status}\n");
        stdout.extend([begin.as_bytes(), said, end.as_bytes()].concat());
        if asked == section {
            stderr.extend([begin.as_bytes(), said, end.as_bytes()].concat());
        }
    }
    stdout.extend(format!("\n@{nonce} done\n").into_bytes());
    Reader::default().read(&stdout, &stderr, &request).ok()
}

/// Fails where something that a person will read could move his cursor or hide what stands beside it.
fn check(snapshot: &Snapshot) {
    for gap in snapshot.gaps.iter().chain(&snapshot.beside) {
        assert!(!gap.detail.chars().any(char::is_control), "{gap:?}");
        assert!(!gap.probe.chars().any(char::is_control), "{gap:?}");
    }
}
