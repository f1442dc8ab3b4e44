//! What a replacement would lack: a server of the lab is given sites, certificates, a script and a password in its command,
//! and everything that no package brings is told.

use crate::harness::{Outcome, Room, wait};
use crate::lab::key;
use crate::truth_hosts::Clone;

/// Writes the replacement of the clone at an address, for every target.
fn replace(room: &Room, address: &str, service: &str, baked: &[&str]) -> Outcome {
    let [identity, authority] = ["id_ed25519", "known_authority"].map(key);
    room.write(
        "inventory.toml",
        format!(
            "[defaults]\nuser = \"root\"\nidentity = {identity:?}\nknown_hosts = {authority:?}\n\
             [groups.web]\nhosts = [\"one\"]\n[hosts.one]\naddress = {address:?}\n"
        ),
    );
    let baked = baked.iter().map(|path| format!("[[file]]\npath = {path:?}\nbake = true\n"));
    room.write("playbook.toml", format!("name = \"web\"\n{}", baked.collect::<String>()));
    let usual =
        ["replace", "-i", "inventory.toml", "-p", "playbook.toml", "--cluster", "web", "--out", "out"];
    let rest = ["--to", "quadlet", "--to", "packer", "--service", service];
    wait(room.command(&[&usual[..], &rest].concat()).spawn().unwrap())
}

fn read(room: &Room, name: &str) -> String {
    std::fs::read_to_string(room.path("out").join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Sites and certificates as people make them: links, several directives on a line, blanks.
const SITES: &str = r#"
mkdir -p /etc/le/live/x /etc/le/archive/x /opt/certs "/srv/my uploads" && chown www-data "/srv/my uploads"
cd /etc/le/archive/x && openssl req -x509 -newkey rsa:2048 -nodes -keyout k1.pem -out c1.pem -days 2 -subj /CN=x 2>/dev/null || exit 9
ln -s ../../archive/x/c1.pem /etc/le/live/x/fullchain.pem && ln -s ../../archive/x/k1.pem /etc/le/live/x/privkey.pem
echo 'bob:$apr1$x$yyyyyyyyyyyyyyyyyyyyyy' >/etc/nginx/.htpasswd
echo 'server { listen 8081; root /srv/none; }' >/etc/nginx/sites-available/mine && ln -s ../sites-available/mine /etc/nginx/sites-enabled/mine
cat >/etc/nginx/conf.d/tls.conf <<'X'
server { listen 8443 ssl; ssl_certificate /etc/le/live/x/fullchain.pem; ssl_certificate_key /etc/le/live/x/privkey.pem; root /srv/none; }
server { listen 8444; location / { auth_basic x; auth_basic_user_file .htpasswd; } }
client_body_temp_path "/srv/my uploads";
X
nginx -s stop; while pgrep nginx; do sleep 0.1; done; nginx && sleep 0.5
"#;

#[test]
#[ignore = "needs the lab: scripts/test"]
fn what_no_package_brings_is_told_and_a_link_is_baked() {
    let clone = Clone::of("srv-01", "lacking-nginx", "127.77.5.91", &[]);
    clone.make(SITES);
    let room = Room::new();
    let baked = ["/etc/nginx/sites-enabled/mine", "/etc/nginx/conf.d/tls.conf", "/etc/passwd"];
    let run = replace(&room, "127.77.5.91", "nginx", &baked);
    assert_eq!(run.status, 3, "{}{}", run.stdout, run.stderr);
    let document = read(&room, "REPLACE.md");
    for told in [
        "lacks `/etc/le/live/x/fullchain.pem` (ssl_certificate in /etc/nginx/conf.d/tls.conf:1)",
        "lacks `/etc/le/live/x/privkey.pem` (ssl_certificate_key in /etc/nginx/conf.d/tls.conf:1)",
        "lacks `/etc/nginx/.htpasswd` (auth_basic_user_file in /etc/nginx/conf.d/tls.conf:2)",
        "client_body_temp_path in /etc/nginx/conf.d/tls.conf:3: `/srv/my uploads`",
        "/etc/passwd is marked `bake` and not in the image",
    ] {
        assert!(document.contains(told), "{told}\n{document}");
    }
    assert_eq!(document.matches("The image lacks").count(), 3, "what packages link is theirs: {document}");
    assert!(run.stderr.contains("the image lacks /etc/le/live/x/fullchain.pem"), "{}", run.stderr);
    assert_eq!(
        read(&room, "files/etc/nginx/sites-enabled/mine"),
        "server { listen 8081; root /srv/none; }\n"
    );
    // The path of a key is no secret, and what follows it on its line stays.
    let site = read(&room, "files/etc/nginx/conf.d/tls.conf");
    assert!(site.contains("ssl_certificate_key /etc/le/live/x/privkey.pem; root /srv/none; }"), "{site}");
}

/// A daemon of no package with its own unit, a working folder, and passwords in its command.
const DAEMON: &str = r#"
useradd -r -M app; mkdir -p /opt/app/bin /srv/rel && chown app /srv/rel
cat >/opt/app/bin/appd <<'X'
#!/usr/bin/perl
use IO::Socket::INET;
$0 = "appd" if @ARGV < 2;
my $s = IO::Socket::INET->new(LocalAddr => "0.0.0.0", LocalPort => 9099, Listen => 5, ReuseAddr => 1) or die $!;
sleep 1 while $s;
X
chmod 755 /opt/app/bin/appd
"#;
const SECRET: &str = "--dsn mysql://root:hunter2@db/x -phunter2 -u root:hunter2 https://h/?key=hunter2";

#[test]
#[ignore = "needs the lab: scripts/test"]
fn a_script_of_no_package_is_not_proven_and_its_command_tells_no_secret() {
    let clone = Clone::of("srv-05", "lacking-script", "127.77.5.92", &[]);
    clone.make(DAEMON);
    for (arguments, names) in [(SECRET, 4), ("", 0)] {
        clone.make(&format!(
            "pkill -x appd; pkill -x perl; sleep 0.3; printf '[Service]\\nUser=app\\nWorkingDirectory=/srv/rel\\nExecStart=/opt/app/bin/appd {arguments}\\n' >/etc/systemd/system/appd.service\n\
             cd /srv/rel; setsid su -s /bin/sh app -c 'exec /opt/app/bin/appd {arguments}' >/dev/null 2>&1 </dev/null & sleep 1"
        ));
        let room = Room::new();
        let run = replace(&room, "127.77.5.92", "appd", &[]);
        assert_eq!(run.status, 3, "{}{}", run.stdout, run.stderr);
        let [image, document, install] =
            ["Containerfile", "REPLACE.md", "machine/install"].map(|name| read(&room, name));
        assert!(document.contains("NOT PROVEN: the image lacks /opt/app/bin/appd"), "{document}");
        assert!(document.contains("lacks `/etc/systemd/system/appd.service`"), "{document}");
        assert!(image.contains("WORKDIR \"/srv/rel\""), "{image}");
        assert!(image.contains("web-appd:unpackaged") && image.contains("/opt/app/bin/appd\""), "{image}");
        assert!(install.contains("useradd ") && install.contains(" app\n"), "{install}");
        for text in [&image, &document, &install, &run.stderr] {
            assert!(!text.contains("hunter2"), "{text}");
        }
        assert_eq!(
            run.stderr.matches("a secret of its command was not copied").count(),
            names,
            "{}",
            run.stderr
        );
        assert_eq!(image.contains("RUN echo 'no image"), names > 0, "{image}");
    }
}
