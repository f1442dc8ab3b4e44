//! Whether what a container writes lies on volumes that it can write to.

use super::manifest::{Container, Mount, Pod, VolumeKind};
use super::own_files;
use super::path::is_within;
use super::writes::{Images, Made, Needed, Place, Writes};

/// What is known of the paths that a container writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Coverage {
    /// There is no such thing as a read-only root.
    NotAsked,
    /// Its root is writable. Once it is not, these paths need a volume; an error is why nobody knows.
    Writable(Result<Vec<String>, String>),
    /// Every path that it must write lies on a writable volume.
    Covered,
    /// Some do not: it would fail.
    Uncovered {
        /// Which.
        paths: Vec<String>,
        /// What hides those that a volume above takes from it, and what else is to say, in words; empty is nothing.
        hidden: String,
        /// Whether there are runtimes under which it starts all the same.
        starts: bool,
    },
    /// Some do not, and it starts without them: it fails once it needs one.
    Partly {
        /// Which.
        paths: Vec<String>,
        /// What it fails at, in words.
        why: String,
    },
    /// Nobody knows which they are, or what is on their volumes; and why.
    Unknown(String),
}

/// Places that are writable in every container: they are no part of its root.
const OTHERS: [&str; 3] = ["/dev", "/proc", "/sys"];

/// Folders that all share: who writes to them does not mind what others have below.
const SHARED: [&str; 2] = ["/run", "/tmp"];

/// Folders of programs and their libraries.
pub(super) const PROGRAMS: [&str; 10] = [
    "/bin",
    "/sbin",
    "/lib",
    "/lib64",
    "/usr",
    "/usr/bin",
    "/usr/sbin",
    "/usr/lib",
    "/usr/local",
    "/usr/local/bin",
];

/// Fills in the coverage of a pod's containers.
pub(super) fn cover(pod: &mut Pod, images: &Images) {
    let found: Vec<Coverage> = pod.containers.iter().map(|container| of(pod, container, images)).collect();
    for (container, coverage) in pod.containers.iter_mut().zip(found) {
        container.coverage = coverage;
    }
}

fn of(pod: &Pod, container: &Container, images: &Images) -> Coverage {
    if pod.windows {
        return Coverage::NotAsked;
    }
    let (mut missing, mut hidden, mut untold) = (Vec::new(), Vec::new(), Vec::new());
    let places = match images.writes(container) {
        Writes::Unknown(why) => {
            untold.push(why);
            Vec::new()
        }
        Writes::Known(places) => places,
    };
    untold.extend(own_files::hidden(pod, container, images, &places));
    untold.extend(images.does_not_start(container));
    for place in places {
        match stands(pod, container, &place) {
            Stands::Covered => {}
            Stands::Uncovered => missing.push(place),
            Stands::Hidden(by) => {
                hidden.push(by);
                missing.push(place);
            }
            Stands::Untold(why) => untold.push(why),
        }
    }
    let paths: Vec<String> = missing.iter().map(|place| place.path.clone()).collect();
    let untold = (!untold.is_empty()).then(|| untold.join("; "));
    if !container.has_read_only_root() {
        return Coverage::Writable(untold.map_or(Ok(paths), Err));
    }
    match untold {
        // What is certain counts before what is not.
        _ if missing.iter().any(|place| place.needed != Needed::Work) => {
            let starts = missing.iter().all(|place| place.needed != Needed::Start);
            hidden.extend(volumes(&missing));
            Coverage::Uncovered { paths, hidden: hidden.join(", "), starts }
        }
        Some(why) => {
            Coverage::Unknown(std::iter::once(why).chain(partly(&missing)).collect::<Vec<_>>().join("; "))
        }
        None => partly(&missing).map_or(Coverage::Covered, |why| Coverage::Partly { paths, why }),
    }
}

/// What runtimes make of the paths for which the image says VOLUME.
fn volumes(missing: &[Place]) -> Option<String> {
    let volumes = missing.iter().filter(|place| place.needed == Needed::Volume);
    let paths: Vec<&str> = volumes.map(|place| place.path.as_str()).collect();
    (!paths.is_empty()).then(|| {
        format!(
            "of {} the image makes a VOLUME, which containerd mounts writable and lets go with the container, and others do not",
            paths.join(", ")
        )
    })
}

/// What it fails at that starts without some of its paths.
fn partly(missing: &[Place]) -> Option<String> {
    let told: Vec<String> = missing.iter().map(|place| format!("{} ({})", place.path, place.why)).collect();
    (!told.is_empty()).then(|| {
        format!(
            "it starts, and fails where it writes to {}: mount a volume there, or say in [[image]] that it never does",
            told.join(", ")
        )
    })
}

/// How a path stands that a container writes.
enum Stands {
    /// On a writable volume.
    Covered,
    /// On none.
    Uncovered,
    /// A volume above hides the folder, and nobody makes it: what hides it.
    Hidden(String),
    /// Nobody can tell; and why.
    Untold(String),
}

/// The nearest volume at a path or above it decides, and none is the root itself.
fn stands(pod: &Pod, container: &Container, place: &Place) -> Stands {
    let path = &place.path;
    if OTHERS.iter().any(|folder| is_within(path, folder)) {
        return Stands::Covered;
    }
    if let Some(var) = container.mounts.iter().find(|mount| mount.path == "/var")
        && is_within(path, "/run")
        && place.made != Made::Always
    {
        return Stands::Untold(format!(
            "the volume {} at /var hides the link from /var/run to /run, by which it may write to {path}: mount volumes below /var",
            var.volume
        ));
    }
    let over = container.mounts.iter().filter(|mount| mount.path != "/" && is_within(path, &mount.path));
    let Some(mount) = over.max_by_key(|mount| mount.path.len()).filter(|mount| mount.is_writable(pod)) else {
        return Stands::Uncovered;
    };
    let mut below =
        container.mounts.iter().filter(|below| below.path != *path && is_within(&below.path, path));
    if place.apart && !SHARED.contains(&path.as_str()) {
        if let Some(below) = below.clone().find(|below| !below.is_writable(pod)) {
            return Stands::Untold(format!(
                "it writes to {path}, and the volume {} at {} below it is read-only: whether that stops it is not known",
                below.volume, below.path
            ));
        }
    }
    let next = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let is_made = match place.made {
        Made::Always => true,
        Made::Last => next == mount.path,
        Made::Missing | Made::Untold => false,
    };
    if mount.path == *path || is_made {
        return Stands::Covered;
    }
    let Mount { volume, path: at, .. } = mount;
    let empty = matches!(pod.volume(volume).map(|volume| &volume.kind), Some(VolumeKind::EmptyDir { .. }));
    let fills = |other: &&Container| {
        !std::ptr::eq(*other, container) && other.mounts.iter().any(|mount| mount.volume == *volume)
    };
    // A mount below makes the folders above it.
    let filler = pod.containers.iter().find(fills).map(|other| other.name.as_str());
    let help = match place.made {
        Made::Untold => format!("mount a volume at {path}, or name {at} in [[image]] if that is enough"),
        _ => format!("mount a volume at {path}"),
    };
    match (empty, filler, place.made) {
        (true, None, Made::Missing | Made::Last) if below.next().is_none() => {
            Stands::Hidden(format!("the emptyDir {volume} at {at} hides {path}"))
        }
        (true, Some(other), _) => Stands::Untold(format!(
            "the emptyDir {volume} at {at} hides {path}, and whether {other} makes that is not known: {help}"
        )),
        (true, None, _) => Stands::Untold(format!(
            "the emptyDir {volume} at {at} hides {path}, and whether the image makes that itself is not known: {help}"
        )),
        _ => Stands::Untold(format!(
            "the volume {volume} at {at} hides {path}, and whether it has that is not known: {help}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use crate::immutability::fixture::{manifest, pod};
    use crate::immutability::{Coverage, Images, Verdict, fix};

    fn coverage(image: &str, mounts: &str, volumes: &str) -> (Option<bool>, String) {
        let lines = format!(
            "image: {image}\nsecurityContext: {{readOnlyRootFilesystem: true}}\nvolumeMounts: [{mounts}]"
        );
        let pod = pod(&manifest(&lines, &format!("volumes: [{volumes}]")));
        let Verdict { immutable, voided_by } = Verdict::of(&pod, &pod.containers[0]);
        (immutable, voided_by.join("; "))
    }

    const EMPTY: &str = "{name: v, emptyDir: {}}, {name: w, emptyDir: {}}, {name: r, emptyDir: {}}";
    const CLAIM: &str =
        "{name: v, persistentVolumeClaim: {claimName: x}}, {name: w, emptyDir: {}}, {name: r, emptyDir: {}}";

    /// Mounts in short: `v:/var r:/run`.
    fn mounts(short: &str) -> String {
        let mounts = short.split(' ').filter_map(|mount| mount.split_once(':'));
        let mounts: Vec<_> =
            mounts.map(|(volume, path)| format!("{{name: {volume}, mountPath: {path}}}")).collect();
        mounts.join(", ")
    }

    const YES: (Option<bool>, &str) = (Some(true), "");

    #[test]
    fn a_volume_above_a_path_hides_what_must_be_there() {
        for (image, short, volumes, (immutable, told)) in [
            ("nginx", "v:/var/cache/nginx r:/run", EMPTY, YES),
            ("nginx", "v://var/cache/nginx/ r:/var/run/", EMPTY, YES),
            ("nginx", "v:/var/cache w:/var/cache/nginx r:/run", EMPTY, YES),
            (
                "nginx",
                "v:/var r:/run",
                EMPTY,
                (Some(false), "nginx: the emptyDir v at /var hides /var/cache"),
            ),
            ("nginx", "v:/var/cache r:/run", EMPTY, (Some(false), "the emptyDir v at /var/cache hides")),
            ("nginx", "v:/var/cache r:/run", CLAIM, (None, "v at /var/cache hides /var/cache/nginx, and")),
            ("nginx", "v:/var w:/var/cache/nginx r:/run", EMPTY, (None, "hides the link from /var/run")),
            ("nginx", "v:/var/cache w:/var/cache/nginx/a r:/run", EMPTY, (None, "hides")),
            ("httpd", "v:/usr/local/apache2/logs", EMPTY, YES),
            ("httpd", "v:/usr/local/apache2", EMPTY, (None, "hides its /usr/local/apache2/conf/httpd.conf")),
            ("postgres:16", "v:/var/lib w:/run r:/tmp", CLAIM, YES),
            ("postgres:16", "v:/var w:/run r:/tmp", CLAIM, YES),
            ("mysql", "v:/var/lib w:/run r:/tmp", CLAIM, YES),
            ("mariadb", "v:/var/lib/mysql w:/run/mysqld r:/tmp", CLAIM, YES),
            (
                "mariadb",
                "v:/var/lib/mysql w:/run r:/tmp",
                CLAIM,
                (Some(false), "w at /run hides /run/mysqld"),
            ),
            ("rabbitmq", "v:/var/lib", EMPTY, (Some(false), "hides /var/lib/rabbitmq")),
            ("rabbitmq", "v:/var/lib", CLAIM, (None, "whether it has that is not known")),
            ("memcached", "v:/usr", EMPTY, (None, "takes the place of the image's programs")),
            (
                "postgres:16\ncommand: [postgres]",
                "v:/var/lib w:/run/postgresql r:/tmp",
                CLAIM,
                (None, "whether it has that"),
            ),
        ] {
            let (is, why) = coverage(image, &mounts(short), volumes);
            assert!(is == immutable && why.contains(told), "{image} {short}: {is:?} {why}");
        }
        for sub in ["subPath: x", "subPathExpr: $(X)"] {
            let mounts = format!("{{name: v, mountPath: /var/cache, {sub}}}, {{name: r, mountPath: /run}}");
            assert_eq!(coverage("nginx", &mounts, CLAIM).0, None, "{sub}");
        }
    }

    #[test]
    fn what_is_not_needed_to_start_is_told_as_that() {
        for (image, short, immutable, told) in [
            (
                "node\ncommand: [node, server.js]",
                "",
                None,
                "it starts, and fails where it writes to /tmp (os.tmpdir())",
            ),
            ("python:3\ncommand: [python, app.py]", "", None, "it starts, and fails"),
            ("redis", "", None, "it starts, and fails where it writes to /data (dump.rdb"),
            (
                "redis\nargs: [--appendonly, 'yes']",
                "",
                Some(false),
                "it would not run: nothing writable covers /data",
            ),
            ("redis\nargs: [--dir, /x]", "", Some(false), "it would not run: nothing writable covers /x"),
            (
                "rabbitmq",
                "",
                Some(false),
                "it may not run: nothing writable covers /var/lib/rabbitmq: of /var/lib/rabbitmq the image makes a VOLUME",
            ),
            ("postgres:16", "v:/run/postgresql r:/tmp", Some(false), "it may not run"),
            (
                "postgres:16\nenv: [{name: PGDATA, value: /pg}]",
                "v:/run/postgresql r:/tmp",
                Some(false),
                "it would not run: nothing writable covers /pg",
            ),
            (
                "postgres:16",
                "v:/run/postgresql r:/var/lib/postgresql/data",
                None,
                "it starts, and fails where it writes to /tmp",
            ),
            ("mysql", "", Some(false), "it would not run"),
        ] {
            let (is, why) = coverage(image, &mounts(short), EMPTY);
            assert!(is == immutable && why.contains(told), "{image} {short}: {is:?} {why}");
        }
    }

    #[test]
    fn what_another_container_may_have_made_is_not_known() {
        let spec = "volumes: [{name: v, emptyDir: {}}, {name: r, emptyDir: {}}]\ninitContainers:\n- {name: makes, image: busybox, volumeMounts: [{name: v, mountPath: /v}]}";
        let lines = "image: nginx\nsecurityContext: {readOnlyRootFilesystem: true}\nvolumeMounts: [{name: v, mountPath: /var}, {name: r, mountPath: /run}]";
        let pod = pod(&manifest(lines, spec));
        let Coverage::Unknown(why) = &pod.containers[1].coverage else { panic!("{:?}", pod.containers[1]) };
        assert!(why.contains("whether makes makes that"), "{why}");
    }

    #[test]
    fn what_is_read_only_below_a_path_is_told_where_it_may_stop_the_program() {
        let config = "{name: v, emptyDir: {}}, {name: r, emptyDir: {}}, {name: c, configMap: {name: x}}";
        for (below, immutable) in [
            ("/run/secrets/tls", Some(true)),
            ("/var/cache/nginx/client_temp", None),
            ("/var/cache", Some(true)),
            ("/etc/nginx/conf.d", Some(true)),
        ] {
            let short = format!("v:/var/cache/nginx r:/run c:{below}");
            assert_eq!(coverage("nginx", &mounts(&short), config).0, immutable, "{below}");
        }
    }

    #[test]
    fn a_fix_mounts_what_is_hidden_and_what_was_moved() {
        let fixed = |lines: &str, volumes: &str| {
            let fixed = fix(&manifest(lines, volumes), &Images::default());
            (fixed.text, fixed.left.into_iter().map(|left| left.told).collect::<Vec<_>>().join("; "))
        };
        let volumes = "volumes: [{name: v, emptyDir: {}}, {name: c, configMap: {name: x}}]";
        let hidden = "image: nginx\nvolumeMounts: [{name: v, mountPath: /var/cache}, {name: c, mountPath: /etc/nginx/templates}]";
        let (text, left) = fixed(hidden, volumes);
        assert_eq!(left, "");
        for path in ["/var/cache/nginx", "/run", "/etc/nginx/conf.d"] {
            assert!(text.contains(&format!("mountPath: {path}}}")), "{text}");
        }
        assert_eq!(
            pod(&text).containers.iter().map(|one| one.coverage.clone()).collect::<Vec<_>>(),
            [Coverage::Covered],
            "{text}"
        );
        for (lines, told) in [
            (
                "image: postgres:16\nenv: [{name: PGDATA, value: /pg}]",
                "what it writes to /pg must outlive the pod",
            ),
            ("image: redis\nargs: [--save, '', --logfile, /x.log]", "it writes to /, where no volume can be"),
            ("image: redis\nargs: [--dir, $(X)]", "its value is not in the manifest"),
            ("image: nginx\nvolumeMounts: [{name: v, mountPath: /var}]", "hides the link from /var/run"),
        ] {
            let (text, left) = fixed(lines, volumes);
            assert!(left.contains(told) && !text.contains("readOnlyRoot"), "{lines}: {left}\n{text}");
        }
    }

    #[test]
    fn a_copy_finds_its_folder_there() {
        for (to, immutable) in
            [("/v", Some(true)), ("/v/x", Some(true)), ("/v/x/y", Some(false)), ("/w", Some(false))]
        {
            let image = format!("corp/app\ncommand: [cp, /a, {to}]");
            assert_eq!(coverage(&image, &mounts("v:/v"), EMPTY).0, immutable, "{to}");
        }
        let image = "corp/app\ncommand: [cp, -t, /v/x, /a]";
        assert_eq!(coverage(image, &mounts("v:/v"), EMPTY).0, Some(false));
    }
}
