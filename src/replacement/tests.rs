//! Plans and files from what six servers of a real host told.

use std::collections::BTreeSet;

use super::{Baked, Refusal, Replacement, Target, files, plan};
use crate::advice::advise;
use crate::diagnostic::Source;
use crate::immutability::{Images, Role, Verdict, read};
use crate::playbook::Playbook;
use crate::rules::fixture::compared;
use crate::snapshot::lines_of;

const SERVERS: [&str; 6] = ["nginx", "apache2", "redis-server", "haproxy", "memcached", "postgres"];

/// A host of Debian 12 that runs some of the recorded servers.
fn host(servers: &[&str]) -> String {
    let told: Vec<(String, Vec<String>)> = servers.iter().map(|name| lines_of(name)).collect();
    let packages: BTreeSet<&String> = told.iter().flat_map(|(_, packages)| packages).collect();
    let packages: Vec<String> = packages.into_iter().map(|package| format!("{package}=1.0-1*")).collect();
    let lines: Vec<&str> = told.iter().map(|(lines, _)| lines.as_str()).collect();
    format!("bookworm {}\n@evidence\n{}", packages.join(" "), lines.join("\n"))
}

fn planned(playbook: &str, hosts: &[(&str, &str)], service: Option<&str>) -> Result<Replacement, Refusal> {
    compared(playbook, hosts, |comparison, findings| {
        plan(comparison, &advise(comparison, findings, None, &BTreeSet::new()), "web", service)
    })
}

/// A replacement of three hosts that run one of the servers.
fn replacement(server: &str) -> Replacement {
    let host = host(&[server]);
    let hosts = ["web-01", "web-02", "web-03"].map(|name| (name, host.as_str()));
    planned("", &hosts, None).unwrap_or_else(|refusal| panic!("{refusal:?}"))
}

fn file(plan: &Replacement, name: &str) -> String {
    let files = files(plan, &[Target::Kubernetes, Target::Quadlet]).unwrap();
    let found = files.iter().find(|(path, _)| path.ends_with(name));
    found.unwrap_or_else(|| panic!("{name} is not among {files:?}")).1.clone()
}

#[test]
fn what_is_written_is_immutable_by_the_rules_of_the_house() {
    for server in SERVERS {
        let plan = replacement(server);
        let playbook = Playbook::from_text("p", &file(&plan, "immutable.toml"), &[]).unwrap();
        let images = Images::of(&playbook.images);
        let source = Source::text("kubernetes.yaml", &file(&plan, "kubernetes.yaml"));
        let mut told = Vec::new();
        let read = read(&source, &images, |object| {
            for pod in &object.pods {
                for container in &pod.containers {
                    let verdict = Verdict::of(pod, container);
                    // What an init container copies, it copies by a shell: nobody else knows where to.
                    if container.role != Role::Init {
                        told.push(verdict);
                    }
                }
            }
        });
        assert!(read.mistakes.is_empty(), "{server}: {:?}", read.mistakes);
        assert_eq!(told.len(), 1, "{server}");
        assert_eq!(told[0], Verdict { immutable: Some(true), voided_by: vec![] }, "{server}");
    }
}

#[test]
fn every_path_that_is_written_has_a_volume_and_says_why() {
    for server in SERVERS {
        let plan = replacement(server);
        assert!(!plan.needs.paths.is_empty(), "{server}");
        for need in &plan.needs.paths {
            assert!(!need.reasons.is_empty(), "{server} {need:?}");
            for name in ["kubernetes.yaml", ".container", "REPLACE.md"] {
                let text = file(&plan, name);
                assert!(
                    text.contains(&need.path) && text.contains(&need.reasons[0]),
                    "{server} {name} {need:?}"
                );
            }
        }
    }
}

#[test]
fn the_image_has_what_the_service_uses_and_no_more() {
    let plan = replacement("nginx");
    let image = file(&plan, "Containerfile");
    for pin in ["nginx=1.0-1", "libssl3=1.0-1", "libpcre2-8-0=1.0-1"] {
        assert!(image.contains(&format!("      {pin} \\\n")), "{image}");
    }
    assert!(!image.contains("redis"), "{image}");
    assert!(image.contains("FROM ${BASE}") && image.contains("debian:bookworm-slim"), "{image}");
}

#[test]
fn several_services_are_a_question() {
    let both = host(&["nginx", "redis-server"]);
    let hosts = [("web-01", both.as_str())];
    let refusal = planned("", &hosts, None).unwrap_err();
    assert!(refusal.title.contains("nginx, redis-server"), "{refusal:?}");
    assert!(refusal.help.contains("--service nginx"), "{refusal:?}");
    assert_eq!(planned("", &hosts, Some("redis-server")).unwrap().service, "redis-server");
    assert_eq!(planned("[[package]]\nname = \"nginx\"\n", &hosts, None).unwrap().service, "nginx");
    let refusal = planned("", &hosts, Some("mysqld")).unwrap_err();
    assert!(refusal.help.contains("nginx, redis-server"), "{refusal:?}");
}

#[test]
fn no_evidence_is_no_replacement() {
    for (words, told) in [
        ("bookworm nginx=1-1", "no host of web tells"),
        ("down", "no host of web tells"),
        ("bookworm nginx=1-1\n@evidence\n", "no service listens"),
        ("bookworm nginx=1-1\n@evidence 126\n", "no host of web tells"),
    ] {
        let refusal = planned("", &[("web-01", words)], None).unwrap_err();
        assert!(refusal.title.contains(told) && !refusal.help.is_empty(), "{words}: {refusal:?}");
    }
    let refusal = compared("", &[("web-01", "bookworm")], |comparison, findings| {
        plan(comparison, &advise(comparison, findings, None, &BTreeSet::new()), "db", None).unwrap_err()
    });
    assert!(refusal.help.contains("web"), "{refusal:?}");
}

#[test]
fn versions_are_the_clusters_or_those_of_an_upgrade() {
    let same = host(&["nginx"]);
    let other = same.replace("nginx=1.0-1*", "nginx=1.1-1");
    let hosts = [("web-01", other.as_str()), ("web-02", &same), ("web-03", &same), ("web-04", &same)];
    let package = "[[package]]\nname = \"nginx\"\n";
    let version = |playbook: &str| planned(playbook, &hosts, None).unwrap().version;
    assert_eq!(version(package), "1.0-1");
    assert_eq!(version(&format!("{package}[[upgrade]]\npackage = \"nginx\"\nto = \"1.2-1\"\n")), "1.2-1");
    assert_eq!(version(&format!("{package}[[upgrade]]\npackage = \"nginx\"\nto = \"1.2\"\n")), "1.2*");
}

#[test]
fn hosts_that_contradict_each_other_are_told() {
    let same = host(&["nginx"]);
    let other = same.replace("/var/lib/nginx/body", "/srv/body");
    let plan = planned(
        "",
        &[("web-01", &same), ("web-02", &same), ("web-03", &other), ("web-04", "bookworm")],
        None,
    );
    let plan = plan.unwrap();
    let told = plan.warnings.join("\n");
    assert!(told.contains("web-03 contradicts web-01: it writes /srv/body too"), "{told}");
    assert!(told.contains("web-04 did not tell"), "{told}");
    assert!(file(&plan, "REPLACE.md").contains("web-03 contradicts"));
}

#[test]
fn the_most_drifted_goes_first_and_where_there_are_data_one_at_a_time() {
    let data = host(&["redis-server"]);
    let drifted = data.replace("libc6=1.0-1*", "libc6=0.9-1/iF");
    let names: Vec<String> = (1..=9).map(|nth| format!("web-0{nth}")).collect();
    let hosts: Vec<(&str, &str)> = names
        .iter()
        .map(|name| (name.as_str(), if name == "web-07" { drifted.as_str() } else { data.as_str() }))
        .collect();
    let plan = planned("", &hosts, None).unwrap();
    assert_eq!(plan.steps[0].hosts, ["web-07"]);
    assert!(plan.steps.iter().all(|step| step.hosts.len() == 1) && plan.steps.len() == 9);
    assert!(plan.model != "web-07");
    let document = file(&plan, "REPLACE.md");
    let (data, order) =
        (document.find("## First: the data").unwrap(), document.find("## In which order").unwrap());
    assert!(data < order && document.contains("`/var/lib/redis`"));
    let without = host(&["nginx"]);
    let hosts: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), without.as_str())).collect();
    let sizes: Vec<usize> =
        planned("", &hosts, None).unwrap().steps.iter().map(|step| step.hosts.len()).collect();
    assert_eq!(sizes, [1, 2, 2, 2, 2], "one alone, then a quarter at a time");
}

#[test]
fn what_nobody_else_reaches_is_said() {
    let plan = replacement("redis-server");
    assert!(plan.local);
    let document = file(&plan, "REPLACE.md");
    assert!(document.contains("loopback address alone"), "{document}");
    assert!(!file(&plan, "kubernetes.yaml").contains("tcpSocket"));
}

#[test]
fn moving_a_path_moves_its_volume() {
    let moved = host(&["nginx"])
        .lines()
        .filter(|line| !(line.starts_with("changed") && (line.contains("body") || line.contains("apache"))))
        .collect::<Vec<_>>()
        .join("\n");
    let moved = format!(
        "{moved}\nnamed\t4\t/etc/nginx/nginx.conf:12 client_body_temp_path\t/srv/body\npath\t4\t/srv/body\tdirectory\t700\t33\t0\twww-data\troot\t1795845892"
    );
    let plan = planned("", &[("web-01", moved.as_str())], None).unwrap();
    let paths: Vec<&str> = plan.needs.paths.iter().map(|need| need.path.as_str()).collect();
    assert_eq!(paths, ["/run", "/srv/body", "/var/lib/nginx"]);
    let rest = &plan.needs.paths[2];
    assert!(!rest.reasons.iter().any(|reason| reason.contains("body")), "{rest:?}");
}

/// nginx of the recorded host, and more lines about it.
fn nginx_with(lines: &str) -> Replacement {
    let host = format!("{}\n{lines}", host(&["nginx"]));
    planned("", &[("web-01", host.as_str())], None).unwrap()
}

/// What a path is derived as.
fn class_of<'p>(plan: &'p Replacement, path: &str) -> Option<&'p str> {
    plan.needs
        .paths
        .iter()
        .chain(&plan.needs.logs)
        .find(|need| need.path == path)
        .map(|need| need.class.as_str())
}

#[test]
fn data_are_never_taken_for_something_that_passes() {
    let plan = nginx_with(
        "open\t4\tappend\t/srv/orders/orders.db\n\
         open\t4\twrite\t/srv/customer-cache/main.db\n\
         named\t4\t/etc/nginx/nginx.conf:9 dir\t/data/redis-cache\n\
         path\t4\t/data/redis-cache\tdirectory\t755\t33\t33\twww-data\twww-data\t1795845892\n\
         open\t4\tappend\t/srv/logs/access.log\n\
         named\t4\t/etc/nginx/nginx.conf:8 proxy_cache_path\t/data/pages\n\
         path\t4\t/data/pages\tdirectory\t755\t33\t33\twww-data\twww-data\t1795845892",
    );
    for (path, class) in [
        ("/srv/orders", "persistent"),
        ("/srv/customer-cache", "persistent"),
        ("/data/redis-cache", "persistent"),
        ("/srv/logs/access.log", "log"),
        ("/data/pages", "ephemeral"),
    ] {
        assert_eq!(class_of(&plan, path), Some(class), "{path}: {:#?}", plan.needs);
    }
}

#[test]
fn volumes_of_paths_that_look_alike_have_names_of_their_own() {
    let plan =
        nginx_with("open\t4\twrite\t/srv/a.b/x\nopen\t4\twrite\t/srv/a-b/x\nopen\t4\twrite\t/srv/a/b/x");
    let names: BTreeSet<&str> = plan.needs.paths.iter().map(|need| need.volume.as_str()).collect();
    assert_eq!(names.len(), plan.needs.paths.len(), "{names:?}");
}

#[test]
fn only_ports_that_others_reach_are_served_and_probed() {
    let plan = nginx_with("listen\t4\ttcp\tloopback\t8090\t0\nlisten\t4\ttcp\tloopback\t80\t0");
    assert_eq!(plan.ports.iter().map(|one| one.port).collect::<Vec<_>>(), [80]);
    assert!(!file(&plan, "kubernetes.yaml").contains("8090"));
}

#[test]
fn a_service_that_runs_twice_is_a_question() {
    let one = host(&["nginx"]);
    let other: Vec<String> = one
        .lines()
        .filter(|line| line.split('\t').nth(1) == Some("4"))
        .map(|line| line.replacen("\t4\t", "\t9\t", 1).replace("\t80\t", "\t8081\t"))
        .collect();
    let both = format!("{one}\n{}", other.join("\n"));
    let refusal = planned("", &[("web-01", both.as_str())], None).unwrap_err();
    assert!(
        refusal.title.contains("nginx runs 2 times on web-01") && refusal.title.contains("8081"),
        "{refusal:?}"
    );
}

#[test]
fn an_environment_is_told_by_its_names() {
    let plan = nginx_with(
        "unit\t4\t/etc/systemd/system/nginx.service\tEnvironment=MODE\nunit\t4\t/etc/systemd/system/nginx.service\tEnvironmentFile=-/etc/default/nginx",
    );
    let told = plan.notes.join("\n");
    assert!(told.contains("MODE, -/etc/default/nginx") && told.contains("is of no package"), "{told}");
}

#[test]
fn no_image_is_built_while_a_name_stands_for_a_secret() {
    let mut plan = replacement("redis-server");
    let baked = |path: &str, secrets| Baked {
        path: path.to_owned(),
        content: String::new(),
        mode: 0o640,
        owner: "root:redis".to_owned(),
        secrets,
    };
    plan.baked = vec![baked("/etc/redis/a.conf", vec![])];
    assert!(!file(&plan, "Containerfile").contains("DRIFTLESS_SECRET_"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("b.conf").display().to_string();
    plan.baked.push(baked(&path, vec![("DRIFTLESS_SECRET_2_1".to_owned(), 7)]));
    let image = file(&plan, "Containerfile");
    let copied = image.find("COPY").unwrap();
    let run = image.find("RUN grep").unwrap_or_else(|| panic!("{image}"));
    assert!(copied < run && run < image.find("USER").unwrap(), "{image}");
    let script = image.split_once("RUN grep").unwrap().1.split_once("exit 1; }").unwrap().0;
    let script = format!("grep{script}exit 1; }}");
    assert!(script.contains(&path) && !script.contains("a.conf"), "{script}");
    let built = |text: Option<&str>| {
        if let Some(text) = text {
            let write = ["-c", "printf %s \"$1\" >\"$2\"", "sh", text, &path];
            assert!(std::process::Command::new("sh").args(write).status().unwrap().success());
        }
        let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    assert!(!built(None).0, "a file that is not there is none without secrets");
    let (success, told) = built(Some("requirepass DRIFTLESS_SECRET_2_1"));
    assert!(!success && told.contains("REPLACE.md"), "{told}");
    assert!(built(Some("include /run/secrets/redis")).0);
    let document = file(&plan, "REPLACE.md");
    assert!(document.contains("line 7: `DRIFTLESS_SECRET_2_1`"), "{document}");
}

/// A host of one recorded server, and more lines about it.
fn with(server: &str, lines: &str) -> Replacement {
    let host = format!("{}\n{lines}", host(&[server]));
    planned("", &[("web-01", host.as_str())], None).unwrap()
}

#[test]
fn nothing_is_built_while_a_name_stands_for_a_secret_of_the_command() {
    let plan = with("memcached", "word\t2\t--token\nword\t2\thunter2");
    let image = file(&plan, "Containerfile");
    let line = image.lines().find(|line| line.starts_with("RUN echo 'no image")).unwrap();
    assert!(line.contains("DRIFTLESS_SECRET_1 for --token") && line.ends_with("exit 1"), "{line}");
    let machine = files(&plan, &[Target::Packer]).unwrap();
    let install = &machine.iter().find(|(name, _)| name == "machine/install").unwrap().1;
    assert!(install.contains(line.strip_prefix("RUN ").unwrap()), "{install}");
    assert!(plan.open(&[]).iter().any(|told| told.contains("the value of --token")));
    assert!(machine.iter().all(|(_, text)| !text.contains("hunter2")) && !image.contains("hunter2"));
    assert!(!file(&replacement("memcached"), "Containerfile").contains("no image"));
}

#[test]
fn what_the_image_lacks_is_told_with_what_to_do() {
    let plan = nginx_with(
        "config\t4\t/etc/nginx/conf.d/a.conf\npart\t4\t-\t/etc/nginx/conf.d/a.conf\t-\tfile\n\
         part\t4\t/etc/x:1 ssl_certificate_key\t/etc/le/privkey.pem\t-\tlink\n\
         part\t4\t/etc/x:2 types\t/etc/mime.types\tmedia-types\tfile\n\
         part\t4\t-\t/etc/nginx/sites-enabled/default\t~nginx-common\tlink",
    );
    let document = file(&plan, "REPLACE.md");
    assert!(
        document.contains("lacks `/etc/nginx/conf.d/a.conf` (it is read as configuration)"),
        "{document}"
    );
    assert!(document.contains("lacks `/etc/le/privkey.pem` (ssl_certificate_key in /etc/x:1)"), "{document}");
    assert!(document.contains("mount it from a secret"), "{document}");
    assert!(!document.contains("- `/etc/nginx/conf.d/a.conf`\n"), "no package brings it: {document}");
    assert!(document.contains("- `/etc/nginx/sites-enabled/default`\n"), "{document}");
    let open = plan.open(&[Target::Quadlet]).join("\n");
    assert!(open.contains("the image lacks /etc/nginx/conf.d/a.conf, /etc/le/privkey.pem, which"), "{open}");
    assert_eq!(replacement("nginx").open(&[Target::Quadlet]), [""; 0]);
}

#[test]
fn a_program_of_no_package_is_not_proven_and_has_no_version_of_its_interpreter() {
    let script = "word\t2\t/opt/app/bin/appd\npart\t2\t-\t/opt/app/bin/appd\t-\tfile\n\
                  unit\t2\t/etc/systemd/system/appd.service\tWorkingDirectory=/srv/rel";
    let plan = with("memcached", script);
    assert!(
        plan.run.unproven.as_ref().unwrap().contains("lacks /opt/app/bin/appd"),
        "{:?}",
        plan.run.unproven
    );
    assert_eq!(plan.version, "unpackaged");
    let image = file(&plan, "Containerfile");
    assert!(image.contains("\nWORKDIR \"/srv/rel\"\n") && image.contains("# NOT PROVEN: "), "{image}");
    let told = plan.warnings.join("\n");
    assert!(told.contains("it begins in /srv/rel") && told.contains("memcached runs it"), "{told}");
    assert!(plan.open(&[Target::Packer])[0].contains("/etc/systemd/system/appd.service"));
}

#[test]
fn what_was_not_looked_at_and_what_no_container_has_is_told() {
    let plan = nginx_with(
        "odd\t4\t/etc/x:4 client_body_temp_path\t/srv/my uploads\ncut\t4\tchanged\n\
         named\t4\t/etc/x:5 log\t/dev/log\nopen\t4\twrite\t/srv/a b/x",
    );
    let told = plan.warnings.join("\n");
    for word in [
        "client_body_temp_path in /etc/x:4: `/srv/my uploads`",
        "what it has open for writing: `/srv/a b/x`",
        "log /dev/log in /etc/x:5",
        "folders in which its files changed",
        "find /var /srv",
    ] {
        assert!(told.contains(word), "{word}: {told}");
    }
    assert!(plan.needs.paths.iter().all(|need| !need.path.starts_with("/dev")));
}

#[test]
fn a_path_that_is_not_there_yet_is_made_in_its_folder_and_a_log_alone_makes_none() {
    let folder = "directory\t755\t33\t33\twww-data\twww-data\t1795845892";
    let plan = nginx_with(&format!(
        "named\t4\t/etc/x:1 DAVLockDB\t/srv/dav/lock\npath\t4\t/srv/dav/lock\tabsent\npath\t4\t/srv/dav\t{folder}\n\
         named\t4\t/etc/x:2 alias\t/srv/closed/x\npath\t4\t/srv/closed/x\tabsent\n\
         path\t4\t/srv/closed\tdirectory\t755\t0\t0\troot\troot\t1795845892\n\
         open\t4\tappend\t/opt/ngx/logs/odd.log\nchanged\t4\t/opt/ngx/logs\t2\npath\t4\t/opt/ngx/logs\t{folder}"
    ));
    assert_eq!(class_of(&plan, "/srv/dav"), Some("persistent"));
    assert_eq!(class_of(&plan, "/srv/closed"), None);
    assert_eq!(class_of(&plan, "/opt/ngx/logs/odd.log"), Some("log"));
    assert_eq!(class_of(&plan, "/opt/ngx/logs"), None, "{:#?}", plan.needs);
}

#[test]
fn machines_have_its_users_its_own_unit_and_no_owner_that_they_lack() {
    let mut plan = with("memcached", "unit\t2\t/etc/systemd/system/memcached.service\tType=simple");
    plan.baked = vec![Baked {
        path: "/etc/memcached.conf".to_owned(),
        content: String::new(),
        mode: 0o640,
        owner: "postgres:postgres".to_owned(),
        secrets: vec![],
    }];
    let machine = files(&plan, &[Target::Packer]).unwrap();
    let install = &machine.iter().find(|(name, _)| name == "machine/install").unwrap().1;
    assert!(install.contains("useradd --system --uid") && install.contains(" memcache\n"), "{install}");
    assert!(install.contains("install -D -o 0 -g 0 -m 0640 /tmp/baked-0 /etc/memcached.conf"), "{install}");
    assert!(install.contains("ln -sf /etc/systemd/system/memcached.service "), "{install}");
}

#[test]
fn commands_name_only_files_that_are_written_and_sizes_and_replicas_are_explained() {
    let redis = file(&replacement("redis-server"), "REPLACE.md");
    assert!(redis.contains("cp *.container *.volume /etc/containers"), "{redis}");
    assert!(redis.contains("3 hosts run it, and the Deployment has one replica"), "{redis}");
    let mut plan = replacement("nginx");
    plan.needs.paths.retain(|need| need.path == "/run");
    let nginx = file(&plan, "REPLACE.md");
    assert!(nginx.contains("cp *.container /etc/containers") && nginx.contains("`sizeLimit`"), "{nginx}");
    assert!(!nginx.contains("one replica"), "{nginx}");
}

#[test]
fn a_host_that_runs_the_replacement_is_none_to_be_replaced() {
    let same = host(&["nginx"]);
    let new = "trixie podman=4-1\n@services\nmanager systemd\nId=nginx.service\nNames=nginx.service\nLoadState=not-found\n\
               ActiveState=inactive\nSubState=dead\nUnitFileState=\nMainPID=0\n@processes\nclock\t9000\nprivileged\n\
               @podman\nlisted 1\n{\"id\":\"aa\",\"name\":\"web-nginx\",\"image\":\"localhost/web-nginx:1.0-1\",\"image_id\":\"bb\",\
               \"user\":\"\",\"read_only\":true,\"privileged\":false,\"path\":\"nginx\",\"labels\":{\"cluster\":\"web\",\"service\":\"nginx\",\
               \"program\":\"/usr/sbin/nginx\",\"command\":\"nginx\",\"packages\":\"pkg:deb/debian/nginx@1.0-1?distro=debian-12\"}}\nchanges aa 0\n\
               @evidence\nservice\t1\t10176\t1795858204\t-\trootlessport\t-\t-\nlisten\t1\ttcp\tany\t80\t0";
    let hosts = [("web-01", same.as_str()), ("web-02", &same), ("web-09", new), ("web-03", "down")];
    let plan = planned("", &hosts, None).unwrap();
    let steps: Vec<(&str, &str)> =
        plan.steps.iter().map(|step| (step.hosts[0].as_str(), step.reason.as_str())).collect();
    assert_eq!(
        steps[1..],
        [("web-02", "in sync"), ("web-03", "whether it is in sync is not known")],
        "{steps:?}"
    );
    assert!(!plan.warnings.iter().any(|told| told.starts_with("web-09")), "{:?}", plan.warnings);
}
