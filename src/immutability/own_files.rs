//! Volumes that take the place of what an image brings and runs: its programs, their libraries, its entry point. What
//! they have instead is not known.

use super::manifest::{Container, Mount, Pod, VolumeKind};
use super::path::is_within;
use super::writes::{Images, Place};

/// Folders that hold what an image runs, and hardly anything else: none of them is mounted as a whole.
const WHOLE: [&str; 12] = [
    "/bin",
    "/etc",
    "/lib",
    "/lib32",
    "/lib64",
    "/opt",
    "/sbin",
    "/usr",
    "/usr/bin",
    "/usr/local",
    "/usr/sbin",
    "/usr/share",
];

/// Folders in which programs lie,
const AROUND: [&str; 7] = ["/bin", "/lib", "/lib32", "/lib64", "/opt", "/sbin", "/usr"];

/// in folders of these names.
const PROGRAMS: [&str; 6] = ["bin", "lib", "lib32", "lib64", "libexec", "sbin"];

/// Folders below those in which no program of an image lies.
const PLAIN: [&str; 13] = [
    "/lib/modules",
    "/usr/lib/modules",
    "/usr/local/apache2/cgi-bin",
    "/usr/local/apache2/conf",
    "/usr/local/apache2/htdocs",
    "/usr/local/apache2/logs",
    "/usr/local/etc",
    "/usr/local/share",
    "/usr/share/ca-certificates",
    "/usr/share/fonts",
    "/usr/share/nginx",
    "/usr/share/zoneinfo",
    "/usr/src",
];

/// Scripts with which containers are started.
const SCRIPTS: [&str; 3] = ["docker-entrypoint.sh", "docker-php-entrypoint", "entrypoint.sh"];

/// A volume that takes the place of what the image runs, in words; `places` are where it writes.
pub(super) fn hidden(pod: &Pod, container: &Container, images: &Images, places: &[Place]) -> Option<String> {
    if container.mounts.is_empty() {
        return None;
    }
    let known = images.own_files(container);
    let mount = container.mounts.iter().find(|mount| {
        let meant = places.iter().any(|place| is_within(&mount.path, &place.path));
        !meant && (takes_place(pod, mount, known) || runs_from(container, mount))
    })?;
    Some(format!(
        "the volume {} at {} takes the place of the image's programs, and what it has instead is not known",
        mount.volume, mount.path
    ))
}

/// `known` are the folders of a known image with files of its own.
fn takes_place(pod: &Pod, mount: &Mount, known: Option<&[String]>) -> bool {
    let path = mount.path.as_str();
    let within = |folders: &[&str]| folders.iter().any(|folder| is_within(path, folder));
    let name = path.rsplit('/').next().unwrap_or_default();
    if WHOLE.contains(&path) || SCRIPTS.contains(&name) {
        return true;
    }
    let own = known.unwrap_or_default();
    if own.iter().any(|folder| is_within(path, folder)) {
        return true;
    }
    if !within(&AROUND) || within(&PLAIN) {
        return false;
    }
    if path.split('/').any(|part| PROGRAMS.contains(&part)) {
        return true;
    }
    let read_only =
        matches!(pod.volume(&mount.volume).map(|volume| &volume.kind), Some(VolumeKind::ReadOnly));
    known.is_some() && is_within(path, "/usr") && !(read_only && mount.part)
}

/// Whether the program itself lies on a volume.
fn runs_from(container: &Container, mount: &Mount) -> bool {
    let program = container.command.first().filter(|word| word.text.starts_with('/'));
    program.is_some_and(|word| {
        // A script of an interpreter's image is the application.
        let script = [".py", ".js", ".mjs", ".cjs"].iter().any(|ending| word.text.ends_with(ending));
        !script && is_within(&super::path::normalise(&word.text), &mount.path)
    })
}

#[cfg(test)]
mod tests {
    use crate::immutability::fixture::{manifest, pod};
    use crate::immutability::{Images, Verdict, read};
    use crate::playbook::Playbook;

    const VOLUMES: &str =
        "volumes: [{name: e, emptyDir: {}}, {name: l, emptyDir: {}}, {name: c, configMap: {name: x}}]";

    fn lines(image: &str, mount: &str) -> String {
        format!(
            "image: {image}\nsecurityContext: {{readOnlyRootFilesystem: true}}\nvolumeMounts: [{{name: l, mountPath: /usr/local/apache2/logs}}, {{name: l, mountPath: /data}}, {{name: l, mountPath: /tmp}}, {{name: l, mountPath: /run}}, {{name: l, mountPath: /var/lib/rabbitmq}}, {{name: l, mountPath: /var/cache/nginx}}, {mount}]"
        )
    }

    #[test]
    fn a_volume_over_what_an_image_runs_leaves_it_unknown() {
        for (image, mount, immutable) in [
            ("redis", "{name: e, mountPath: /etc}", None),
            ("memcached", "{name: e, mountPath: /opt}", None),
            ("httpd", "{name: e, mountPath: /usr/local/apache2/bin}", None),
            ("httpd", "{name: c, mountPath: /usr/local/apache2/htdocs}", Some(true)),
            ("rabbitmq", "{name: e, mountPath: /opt/rabbitmq}", None),
            ("rabbitmq", "{name: e, mountPath: /opt/rabbitmq/plugins}", None),
            ("memcached", "{name: e, mountPath: /usr/share/mysql}", None),
            ("python:3.12\ncommand: [python, a.py]", "{name: e, mountPath: /usr/local/lib}", None),
            ("python:3.12\ncommand: [python, a.py]", "{name: e, mountPath: /usr/local/lib/python3.12}", None),
            ("python:3.12\ncommand: [python, a.py]", "{name: e, mountPath: /opt/app}", Some(true)),
            ("python:3.12\ncommand: [python, a.py]", "{name: e, mountPath: /usr/src/app/lib}", Some(true)),
            ("python:3.12\ncommand: [/venv/bin/python, a.py]", "{name: e, mountPath: /venv}", None),
            ("memcached", "{name: c, mountPath: /docker-entrypoint.sh, subPath: a}", None),
            ("memcached", "{name: c, mountPath: /usr/local/bin/docker-entrypoint.sh, subPath: a}", None),
            ("memcached", "{name: c, mountPath: /usr/share/a.conf, subPath: a}", Some(true)),
            ("memcached", "{name: c, mountPath: /usr/share/a}", None),
            ("nginx", "{name: c, mountPath: /etc/nginx/conf.d}", Some(true)),
            ("nginx", "{name: c, mountPath: /usr/share/nginx/html}", Some(true)),
            ("memcached", "{name: c, mountPath: /etc/passwd, subPath: a}", Some(true)),
            ("corp/app\ncommand: [/bin/cp, /a, /data/]", "{name: c, mountPath: /bin/cp, subPath: a}", None),
        ] {
            let pod = pod(&manifest(&lines(image, mount), VOLUMES));
            let verdict = Verdict::of(&pod, &pod.containers[0]);
            assert_eq!(verdict.immutable, immutable, "{image} {mount}: {:?}", verdict.voided_by);
        }
    }

    #[test]
    fn what_a_playbook_says_of_its_image_counts() {
        let playbook = "[[image]]\nmatch = \"corp/*\"\nwrites = [\"/opt/app/bin/cache\"]\n";
        let playbook = Playbook::from_text("p", playbook, &[]).unwrap();
        let images = Images::of(&playbook.images);
        for (mount, immutable) in [
            ("/opt/app/bin/cache", Some(true)),
            ("/opt/app/bin/cache, subPath: x}, {name: e, mountPath: /opt/app/conf", Some(true)),
            ("/opt/app/bin/cache, subPath: x}, {name: e, mountPath: /opt/app/lib", None),
        ] {
            let text = manifest(&lines("corp/app", &format!("{{name: e, mountPath: {mount}}}")), VOLUMES);
            let source = crate::diagnostic::Source::text("a.yaml", &text);
            let mut told = Vec::new();
            read(&source, &images, |object| {
                told.push(Verdict::of(&object.pods[0], &object.pods[0].containers[0]).immutable);
            });
            assert_eq!(told, [immutable], "{mount}");
        }
    }
}
