//! What is known of images, container by container.

use super::*;
use crate::immutability::fixture::{manifest, pod};
use crate::playbook::Playbook;

/// Where a container of an image writes of which more is said in `lines`.
fn of(image: &str, lines: &str) -> Result<Vec<String>, String> {
    let volumes = "volumes: [{name: v, emptyDir: {}}, {name: c, configMap: {name: x}}]";
    let container = pod(&manifest(&format!("image: {image}\n{lines}"), volumes)).containers.remove(0);
    match Images::default().writes(&container) {
        Writes::Known(places) => Ok(places.into_iter().map(|place| place.path).collect()),
        Writes::Unknown(why) => Err(why),
    }
}

/// Checks lines of `image | what is said of it | paths, or the beginning of why not after a !`.
#[track_caller]
fn check(table: &[(&str, &str, &[&str])]) {
    for (image, lines, expected) in table {
        let told = of(image, lines);
        match (expected.first().and_then(|first| first.strip_prefix('!')), &told) {
            (Some(why), Err(told)) => assert!(told.contains(why), "{image} {lines}: {told}"),
            (None, Ok(paths)) => assert_eq!(paths, expected, "{image} {lines}"),
            _ => panic!("{image} {lines}: {told:?}"),
        }
    }
}

const NGINX: &[&str] = &["/var/cache/nginx", "/run"];
const PG: &[&str] = &["/var/lib/postgresql/data", "/run/postgresql", "/tmp"];
const MYSQL: &[&str] = &["/var/lib/mysql", "/run/mysqld", "/tmp"];

#[test]
fn an_image_is_known_by_its_whole_name() {
    check(&[
        ("nginx", "", NGINX),
        ("docker.io/library/nginx:1.26", "", NGINX),
        ("registry.corp:5000/hub/library/nginx", "", NGINX),
        (
            "registry.corp:5000/mirror/nginx",
            "",
            &["!need not be the official nginx: name them in a playbook"],
        ),
        ("bitnami/nginx", "", &["!bitnami/nginx writes is not known"]),
        ("calico/node", "", &["!need not be the official node"]),
        ("ghcr.io/foo/redis", "", &["!need not be the official redis"]),
        ("corp/app", "", &["!which paths corp/app writes is not known: name them"]),
        ("nginxinc/nginx-unprivileged:1", "", &["/tmp"]),
        ("corp/nginx-unprivileged", "", &["!need not be the official"]),
        ("php:8.3-fpm-alpine", "", &["/tmp"]),
        ("php:8-cli", "", &["!is not known"]),
        ("httpd", "", &["/usr/local/apache2/logs"]),
        ("redis", "", &["/data"]),
        ("mariadb", "", MYSQL),
        ("mysql", "", MYSQL),
        ("memcached", "", &[]),
        ("haproxy:3.0", "", &["!would not run: the image has no /usr/local/etc/haproxy/haproxy.cfg"]),
        ("rabbitmq:4-management", "", &["/var/lib/rabbitmq"]),
        ("node:22", "", &["/tmp"]),
        ("python:3", "", &["/tmp"]),
    ]);
}

#[test]
fn another_program_is_another_matter() {
    check(&[
        ("nginx", "command: [/usr/sbin/nginx, -g, daemon off;]", NGINX),
        ("nginx", "args: [nginx-debug, -g, daemon off;]", NGINX),
        ("nginx", "command: [/docker-entrypoint.sh, nginx]", NGINX),
        ("nginx", "command: [sh, -c, cp]", &["!runs `sh` in place"]),
        ("nginx", "command: [/docker-entrypoint.sh]\nargs: [bash, -c, nginx]", &["!runs `bash`"]),
        ("redis", "args: [docker-entrypoint.sh, bash, -c, x]", &["!runs `bash`"]),
        ("postgres:16", "args: [-c, fsync=on]", PG),
        ("postgres:16", "args: [postgres, -c, fsync=on]", PG),
        ("postgres:16", "args: [bash, -c, x]", &["!runs `bash`"]),
        ("postgres:16", "command: [docker-entrypoint.sh, bash, -c, x]", &["!runs `bash`"]),
        ("nginx", "command: [$(WHAT)]", &["!which program it runs stands in a variable"]),
        ("node", "command: [node, server.js]", &["/tmp"]),
        ("node", "args: [server.js]", &["/tmp"]),
        ("node", "args: [--enable-source-maps, dist/main.js]", &["/tmp"]),
        ("node", "command: [node, server.js]\nenv: [{name: TMPDIR, value: /scratch}]", &["/scratch"]),
        ("node", "command: [npm, run, x]", &["!runs `npm`"]),
        ("node", "command: [npm, start]", &["!runs `npm`"]),
        ("node", "command: [docker-entrypoint.sh, npm, run, x]", &["!runs `npm`"]),
        ("node", "args: [npx, serve]", &["!runs `npx`"]),
        ("node", "args: [yarn, start]", &["!runs `yarn`"]),
        ("node", "command: [sh, -c, node server.js]", &["!runs `sh`"]),
        ("node", "command: [node, /usr/local/bin/npm, start]", &["!may depend on its `/usr/local/bin/npm`"]),
        ("python:3.12", "command: [python, app.py]", &["/tmp"]),
        ("python:3.12", "command: [/usr/local/bin/python3.12, -u, app.py]", &["/tmp"]),
        ("python:3.12", "command: [python, -u, app.py, $(ARG), -m, pip]", &["/tmp"]),
        ("node", "command: [node, server.js, $(ARG)]", &["/tmp"]),
        ("node", "command: [node, $(FILE)]", &["!stands in a variable"]),
        ("python:3.12", "command: [python, -m, http.server]", &["/tmp"]),
        ("python:3.12", "command: [python, -m, pip, install, x]", &["!may depend on its `-m`"]),
        ("python:3.12", "command: [/app/run.py]", &["/tmp"]),
        ("python:3.12", "args: [pip, install, x]", &["!runs `pip`"]),
        ("python:3.12", "args: [sh, -c, x]", &["!runs `sh`"]),
    ]);
}

#[test]
fn variables_and_options_move_what_postgres_writes() {
    let moved = &["/pg", "/run/postgresql", "/tmp"][..];
    check(&[
        ("postgres:17", "", PG),
        ("postgres:18.1-alpine", "", &["/var/lib/postgresql", "/run/postgresql", "/tmp"]),
        ("postgres", "", &["/var/lib/postgresql", "/run/postgresql", "/tmp"]),
        ("postgres@sha256:0123456789abcdef0123456789abcdef", "", &["!which version postgres is"]),
        ("postgres:16@sha256:0123456789abcdef0123456789abcdef", "", PG),
        ("postgres:16", "env: [{name: PGDATA, value: /pg}]", moved),
        ("postgres:16", "env: [{name: PGDATA, value: /x}, {name: PGDATA, value: /pg}]", moved),
        ("postgres:16", "env: [{name: B, value: /pg}, {name: PGDATA, value: $(B)}]", moved),
        ("postgres:16", "env: [{name: PGDATA, value: $(B)}]", &["!PGDATA says where it writes"]),
        ("postgres:16", "env: [{name: PGDATA, value: $$(B)}]", &["!where its PGDATA `$(B)` leads"]),
        ("postgres:16", "env: [{name: PGDATA, value: ''}]", PG),
        (
            "postgres:16",
            "env: [{name: PGDATA, valueFrom: {configMapKeyRef: {name: a, key: b}}}]",
            &["!PGDATA says"],
        ),
        ("postgres:16", "envFrom: [{secretRef: {name: a}}]", &["!envFrom may have it: set PGDATA"]),
        ("postgres:16", "envFrom: [{prefix: APP_, secretRef: {name: a}}]", PG),
        ("postgres:16", "envFrom: [{secretRef: {name: a}}]\nenv: [{name: PGDATA, value: /pg}]", moved),
        ("postgres:16", "env: [{name: POSTGRES_PASSWORD, valueFrom: {secretKeyRef: {name: a, key: b}}}]", PG),
        ("postgres:16", "args: [-D, /pg]", &["/var/lib/postgresql/data", "/pg", "/run/postgresql", "/tmp"]),
        ("postgres:16", "command: [postgres, -D, /pg]", moved),
        ("postgres:16", "command: [postgres, -c, data_directory=/pg]", moved),
        ("postgres:16", "command: [postgres, -D, $(X)]", &["!its `-D` says where it writes"]),
        ("postgres:16", "args: [-c, config_file=/etc/pg.conf]", &["!may depend on its `--config-file`"]),
        (
            "postgres:16",
            "env: [{name: POSTGRES_INITDB_WALDIR, value: /wal}]",
            &["/var/lib/postgresql/data", "/wal", "/run/postgresql", "/tmp"],
        ),
        (
            "postgres:16",
            "env: [{name: POSTGRES_INITDB_ARGS, value: --waldir=/wal}]",
            &["!may depend on its POSTGRES_INITDB_ARGS"],
        ),
        ("postgres:16", "env: [{name: POSTGRES_INITDB_ARGS, value: --data-checksums}]", PG),
        (
            "postgres:16",
            "args: [-c, 'unix_socket_directories=/a,/b']",
            &["/var/lib/postgresql/data", "/a", "/b", "/tmp"],
        ),
    ]);
}

#[test]
fn options_move_what_the_others_write() {
    check(&[
        ("redis", "args: [--dir, /x]", &["/x"]),
        ("redis", "args: [redis-server, --dir, /x, --requirepass, $(PASS)]", &["/x"]),
        ("redis", "args: [--dir, \"/x\\e[2J\"]", &["!where its dir `"]),
        ("redis", "args: [--dir, x]", &["!where its dir `x` leads"]),
        ("redis", "args: [--save, '', --appendonly, 'no']", &[]),
        ("redis", "args: ['--save \"\"', '--appendonly no']", &[]),
        ("redis", "command: [redis-server, --save, '']", &[]),
        ("redis", "args: [--save, '', --appendonly, 'yes']", &["/data"]),
        ("redis", "args: [--save, '', --appendonly, $(AOF)]", &["/data"]),
        ("redis", "args: [--save, '', --replicaof, a 1]", &["/data"]),
        ("redis", "args: [--save, '', --save, 60 1]", &["/data"]),
        ("redis", "args: [--appendonly, 'no']", &["/data"]),
        ("redis", "args: [/etc/redis.conf]", &["!may depend on its `/etc/redis.conf`"]),
        ("redis", "command: [redis-server, /conf/redis.conf, --dir, /x]", &["!redis.conf"]),
        ("redis", "command: [redis-server, /conf/redis]", &["!may depend on its `/conf/redis`"]),
        ("redis", "command: [redis-server, --save, 60 1, --save, '300', '10']", &["/data"]),
        ("redis", "workingDir: /x", &["/x"]),
        ("redis", "workingDir: /x\nargs: [--dir, /y]", &["/y"]),
        ("redis", "args: [$(ARGS)]", &["!stands in a variable"]),
        ("redis", "args: [--port, '1', $(ARGS)]", &["!stands in a variable"]),
        ("redis", "args: [--unixsocket, /run/redis/r.sock, --logfile, '']", &["/data", "/run/redis"]),
        ("redis", "volumeMounts: [{name: c, mountPath: /etc/redis}]", &["/data"]),
        ("mysql", "args: [--datadir=/db]", &["/db", "/run/mysqld", "/tmp"]),
        ("mysql", "args: [mysqld, --datadir, /db, --tmpdir=/a:/b]", &["/db", "/run/mysqld", "/a", "/b"]),
        ("mysql", "args: [--socket=/s/x.sock, --pid_file=/p/x.pid]", &["/var/lib/mysql", "/s", "/p", "/tmp"]),
        ("mysql", "args: [--socket=x.sock, --pid-file=/p/x.pid]", &["/var/lib/mysql", "/p", "/tmp"]),
        ("mariadb", "args: [--datadir=/db]", &["/db", "/run/mysqld", "/tmp"]),
        ("mariadb", "args: [--log-bin=/log/bin]", &["/var/lib/mysql", "/run/mysqld", "/tmp", "/log"]),
        ("mysql", "args: [--defaults-file=/x.cnf]", &["!may depend on its `--defaults-file`"]),
        ("mysql", "volumeMounts: [{name: c, mountPath: /etc/mysql/conf.d}]", MYSQL),
        (
            "mysql",
            "volumeMounts: [{name: c, mountPath: /etc/my.cnf, subPath: my.cnf}]",
            &["!is its /etc/my.cnf"],
        ),
        ("rabbitmq", "env: [{name: RABBITMQ_MNESIA_BASE, value: /q}]", &["/var/lib/rabbitmq", "/q"]),
        ("rabbitmq", "env: [{name: RABBITMQ_LOGS, value: '-'}]", &["/var/lib/rabbitmq"]),
        ("rabbitmq", "env: [{name: RABBITMQ_LOGS, value: /log/r.log}]", &["/var/lib/rabbitmq", "/log"]),
        ("rabbitmq", "envFrom: [{secretRef: {name: x}}]", &["/var/lib/rabbitmq"]),
        ("httpd", "args: [httpd, -D, FOREGROUND]", &["/usr/local/apache2/logs"]),
        ("httpd", "args: [httpd-foreground, -f, /c]", &["!may depend on its `-f`"]),
        ("httpd", "volumeMounts: [{name: c, mountPath: /usr/local/apache2/conf}]", &["!hides its"]),
        (
            "httpd",
            "volumeMounts: [{name: c, mountPath: /usr/local/apache2/conf/extra}]",
            &["/usr/local/apache2/logs"],
        ),
        ("haproxy", "volumeMounts: [{name: c, mountPath: /usr/local/etc/haproxy}]", &["!hides its"]),
        ("haproxy", "args: [-f, /etc/haproxy.cfg]", &["!may depend on its `-f`"]),
        ("memcached", "args: [-m, '64', -s, /s/m.sock]", &["/s"]),
        ("memcached", "args: [-m, '64', -o, 'ext_path=/x:1g']", &["!may depend on its `-o`"]),
        ("php:8-fpm", "args: [php-fpm, -y, /x]", &["!may depend on its `-y`"]),
        (
            "php:8-fpm",
            "volumeMounts: [{name: c, mountPath: /usr/local/etc/php-fpm.d/zz.conf, subPath: a}]",
            &["/tmp"],
        ),
    ]);
}

#[test]
fn a_path_that_is_not_followed_is_not_known() {
    let own = &["/var/lib/postgresql/data", "/run/postgresql", "/tmp"];
    check(&[
        (
            "postgres:16",
            "args: [-c, logging_collector=on, -c, log_directory=/s]",
            &[own[0], own[1], own[2], "/s"],
        ),
        ("postgres:16", "args: [-c, log_directory=log]", own),
        ("postgres:16", "args: [-c, Unix_Socket_Directories=/s]", &[own[0], "/s", "/tmp"]),
        ("postgres:16", "args: [-c, hba_file=/etc/hba.conf, -c, ssl_key_file=/tls/k]", own),
        ("postgres:16", "args: [-c, 'archive_command=cp %p /a/%f']", &["!what it does with the path in"]),
        ("redis", "args: [--include, /x.conf]", &["!may depend on its `--include`"]),
        ("redis", "args: [--DIR, /x]", &["/x"]),
        ("redis", "command: [redis-server]\nargs: [--sentinel]", &["!may depend on its `--sentinel`"]),
        ("redis", "args: [--tls-cert-file, /tls/crt]", &["/data"]),
        (
            "mysql",
            "args: [--log-bin-index=/s/i, --innodb-doublewrite-dir=/d]",
            &["/var/lib/mysql", "/run/mysqld", "/tmp", "/d", "/s"],
        ),
        ("mysql", "args: [--loose-foo=/s]", &["!what it does with the path in `--loose-foo=/s`"]),
        ("memcached", "args: [-vs, /x]", &["!what it does with the path in `/x`"]),
        ("memcached", "args: [-o, ssl_key=/tls/k]", &[]),
        ("nginx", "args: [nginx, -qc, /x]", &["!what it does with the path"]),
        ("haproxy", "args: [haproxy, -S, /x/m.sock]", &["!what it does with the path"]),
        ("node", "command: [node, --require, /otel/t.js, /app/server.js, --x, /y]", &["/tmp"]),
        ("rabbitmq", "env: [{name: HOME, value: /x}]", &["!may depend on its HOME"]),
        (
            "rabbitmq:3.7",
            "env: [{name: RABBITMQ_DEFAULT_USER, value: a}]",
            &["!may depend on its RABBITMQ_DEF"],
        ),
        ("rabbitmq:3.13", "env: [{name: RABBITMQ_DEFAULT_USER, value: a}]", &["/var/lib/rabbitmq"]),
        ("rabbitmq", "volumeMounts: [{name: c, mountPath: /etc/rabbitmq}]", &["!hides its"]),
        ("rabbitmq", "volumeMounts: [{name: c, mountPath: /etc/rabbitmq/conf.d}]", &["/var/lib/rabbitmq"]),
    ]);
}

#[test]
fn templates_and_a_configuration_of_its_own_change_what_nginx_writes() {
    let templates = &["/var/cache/nginx", "/run", "/etc/nginx/conf.d"][..];
    check(&[
        ("nginx", "volumeMounts: [{name: c, mountPath: /etc/nginx/conf.d}]", NGINX),
        ("nginx", "volumeMounts: [{name: c, mountPath: /etc/nginx/conf.d/default.conf, subPath: a}]", NGINX),
        ("nginx", "volumeMounts: [{name: c, mountPath: /etc/nginx/nginx.conf, subPath: a}]", &["!is its"]),
        ("nginx", "volumeMounts: [{name: c, mountPath: /etc/nginx}]", &["!hides its /etc/nginx/nginx.conf"]),
        ("nginx", "volumeMounts: [{name: c, mountPath: /etc/nginx/templates}]", templates),
        (
            "nginx",
            "volumeMounts: [{name: c, mountPath: /etc/nginx/templates/a.template, subPath: a}]",
            templates,
        ),
        ("nginx", "command: [nginx]\nvolumeMounts: [{name: c, mountPath: /etc/nginx/templates}]", NGINX),
        (
            "nginx",
            "env: [{name: NGINX_ENVSUBST_OUTPUT_DIR, value: /out}]\nvolumeMounts: [{name: c, mountPath: /etc/nginx/templates}]",
            &["/var/cache/nginx", "/run", "/out"],
        ),
        ("nginx", "env: [{name: NGINX_ENVSUBST_OUTPUT_DIR, value: /out}]", NGINX),
        ("nginx", "env: [{name: NGINX_ENVSUBST_TEMPLATE_DIR, value: /t}]", templates),
        ("nginx", "command: [nginx, -c, /x.conf]", &["!may depend on its `-c`"]),
        ("nginx", "args: [nginx, -g, 'daemon off; pid /tmp/x;']", &["!may depend on its `-g`"]),
        (
            "nginxinc/nginx-unprivileged",
            "volumeMounts: [{name: c, mountPath: /etc/nginx/templates}]",
            &["/tmp", "/etc/nginx/conf.d"],
        ),
    ]);
}

#[test]
fn what_is_written_lasts_as_long_wherever_it_lies() {
    let container =
        pod(&manifest("image: postgres:16\nenv: [{name: PGDATA, value: /pg}]", "")).containers.remove(0);
    let place = Images::default().place(&container, "/pg").unwrap();
    assert_eq!((place.lasts, place.made), (Some(Lasts::Persistent), Made::Always));
}

#[test]
fn a_copy_writes_where_it_says_whatever_its_image() {
    check(&[
        ("corp/app", "command: [/bin/cp, -a, /srv/., /copy/srv/]", &["/copy/srv"]),
        ("nginx", "command: [cp, -t, /etc, /tmp/x]", &["/etc"]),
        ("corp/app", "command: [cp, -a, x, z]", &["!where its `cp` writes"]),
    ]);
}

#[test]
fn the_playbook_knows_better() {
    let text = "[[image]]\nmatch = \"registry.corp/web*\"\nwrites = [\"/var/run/\"]\n[[image]]\nmatch = \"nginx\"\nwrites = []\n";
    let playbook = Playbook::from_text("p", text, &[]).unwrap();
    let images = Images::of(&playbook.images);
    let writes = |image: &str| {
        let container = pod(&manifest(&format!("image: {image}\ncommand: [sh]"), "")).containers.remove(0);
        images.writes(&container)
    };
    let Writes::Known(places) = writes("registry.corp/web:1") else { panic!() };
    assert_eq!((places[0].path.as_str(), places[0].made), ("/run", Made::Untold));
    assert_eq!(writes("nginx:1.27"), Writes::Known(vec![]));
    assert!(matches!(writes("registry.corp/app"), Writes::Unknown(_)));
}

#[test]
fn a_program_without_a_script_may_do_anything() {
    for (image, command, known) in [
        ("python:3", "[python, -c, 'open(1)']", false),
        ("python:3", "[python]", false),
        ("python:3", "[python, -u, app.py]", true),
        ("python:3", "[python, -m, http.server]", true),
        ("node:22", "[node, -e, x]", false),
        ("node:22", "[node]", false),
        ("node:22", "[node, server.js]", true),
        ("node:22", "[node, --enable-source-maps, dist/main]", true),
    ] {
        let told = of(image, &format!("command: {command}")).is_ok();
        assert_eq!(told, known, "{command}");
    }
}
