//! Kernels that are installed, and files that ask for a boot of the host.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::super::listing::is_name;
use super::timestamp;

/// The most kernels, and the most packages that ask for a boot, that a host may tell of.
const MOST: usize = 200;

/// The kernels of one host.
#[derive(Debug, Default)]
pub struct Kernels {
    /// Whether the host runs on another's kernel: it is a container.
    pub foreign: bool,
    /// Those that are installed, by release.
    pub list: Vec<InstalledKernel>,
}

/// A kernel that is there to be booted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstalledKernel {
    /// As uname(2) has it: `6.1.0-18-amd64`.
    pub release: String,
    /// When it was installed.
    pub installed: Timestamp,
}

/// What asks for a boot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reboot {
    /// Since when; `None` where that could not be told.
    pub since: Option<Timestamp>,
    /// The packages that do, where they are known.
    pub packages: Vec<String>,
}

/// The files of kernels, as their lines come: when each was changed.
#[derive(Debug, Default)]
pub(super) struct Files {
    foreign: bool,
    images: BTreeMap<String, Timestamp>,
    modules: BTreeMap<String, Timestamp>,
}

impl Files {
    /// `file`, when it was changed, its path.
    pub(super) fn line(&mut self, line: &str) -> Option<()> {
        let fields: Vec<&str> = line.split('\t').collect();
        match fields.as_slice() {
            [""] => {}
            ["container"] => self.foreign = true,
            ["file", changed, path] => {
                let changed = timestamp(changed)?;
                let (image, release) = place(path)?;
                let list = if image { &mut self.images } else { &mut self.modules };
                if is_release(release) && list.len() < MOST {
                    list.insert(release.to_owned(), changed);
                }
            }
            _ => return None,
        }
        Some(())
    }

    /// Those of which there is an image. Where no image has its release in its name, as on Alpine, modules
    /// speak for it.
    pub(super) fn finish(self) -> Kernels {
        let list = if self.images.is_empty() { self.modules } else { self.images };
        let list = list.into_iter().map(|(release, installed)| InstalledKernel { release, installed });
        Kernels { foreign: self.foreign, list: list.collect() }
    }
}

/// Whether a file is an image, and what of its path may be a release.
fn place(path: &str) -> Option<(bool, &str)> {
    if let Some(own) = path.strip_prefix("/lib/modules/") {
        let (release, file) = own.split_once('/')?;
        return Some((file == "vmlinuz", release));
    }
    let image = path.strip_prefix("/boot/")?;
    let kinds = ["vmlinuz-", "vmlinux-", "Image-", "kernel-"];
    kinds.into_iter().find_map(|kind| image.strip_prefix(kind)).map(|release| (true, release))
}

/// Whether a file is named by a release, and is neither a rescue image nor a copy that somebody kept.
fn is_release(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._+~-".contains(&byte);
    name.len() <= 128
        && name.bytes().all(plain)
        && name.starts_with(|first: char| first.is_ascii_digit())
        && name.contains('.')
        && ![".old", ".bak", ".rpmsave", ".dpkg-tmp"].iter().any(|end| name.ends_with(end))
}

/// The file that asks for a boot, as its lines come.
#[derive(Debug, Default)]
pub(super) struct Flag {
    pending: bool,
    since: Option<Timestamp>,
    packages: BTreeSet<String>,
}

impl Flag {
    /// `pending`; `file`, when it was written and made, its path; `package`, a name.
    pub(super) fn line(&mut self, line: &str) -> Option<()> {
        let fields: Vec<&str> = line.split('\t').collect();
        match fields.as_slice() {
            [""] => {}
            ["pending"] => self.pending = true,
            ["file", times, _] => {
                let (written, made) = times.split_once(':')?;
                // Every package writes it again: where it is known, the first of them counts.
                let made = made.parse().ok().filter(|made| *made > 0);
                let made = made.and_then(|made| Timestamp::from_second(made).ok());
                let written = timestamp(written)?;
                self.since = Some(made.map_or(written, |made| made.min(written)));
            }
            ["package", name] if is_name(name) && self.packages.len() < MOST => {
                self.packages.insert((*name).to_owned());
            }
            _ => return None,
        }
        Some(())
    }

    pub(super) fn finish(self) -> Option<Reboot> {
        let Self { since, packages, .. } = self;
        self.pending.then(|| Reboot { since, packages: packages.into_iter().collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::host;

    fn kernels(lines: &[&str]) -> Vec<String> {
        let text: String = lines.iter().map(|path| format!("file\t1790000000\t{path}\n")).collect();
        let snapshot = host(&[("kernels", &text, "0")], &[]);
        assert_eq!(snapshot.beside, []);
        snapshot.running.kernels.unwrap().list.into_iter().map(|kernel| kernel.release).collect()
    }

    #[test]
    fn a_kernel_is_there_if_its_image_is() {
        let left_behind = "/lib/modules/6.1.0-17-amd64/modules.builtin";
        let debian =
            ["/boot/vmlinuz-6.1.0-18-amd64", "/lib/modules/6.1.0-18-amd64/modules.builtin", left_behind];
        assert_eq!(kernels(&debian), ["6.1.0-18-amd64"]);
        let rocky = [
            "/boot/vmlinuz-0-rescue-0123456789abcdef",
            "/boot/vmlinuz-5.14.0-503.el9.x86_64",
            "/lib/modules/5.14.0-503.el9.x86_64/vmlinuz",
            "/lib/modules/5.14.0-427.el9.x86_64/vmlinuz",
        ];
        assert_eq!(kernels(&rocky), ["5.14.0-427.el9.x86_64", "5.14.0-503.el9.x86_64"]);
        assert_eq!(kernels(&["/boot/vmlinuz-6.1.0-18-amd64.old"]), Vec::<String>::new());
    }

    #[test]
    fn where_images_have_no_release_in_their_names_modules_speak() {
        let alpine = ["/boot/vmlinuz-lts", "/lib/modules/6.12.48-0-lts/modules.builtin"];
        assert_eq!(kernels(&alpine), ["6.12.48-0-lts"]);
        let arch = ["/boot/vmlinuz-linux", "/lib/modules/6.6.7-arch1-1/vmlinuz"];
        assert_eq!(kernels(&arch), ["6.6.7-arch1-1"]);
    }

    #[test]
    fn a_boot_is_asked_for_since_the_first_package_did() {
        let asked = |text: &str| host(&[("reboot", text, "0")], &[]).running.reboot;
        let whole = "pending\nfile\t1790000900:1790000100\t/run/reboot-required\npackage\tlibc6\npackage\tdbus\npackage\tlibc6\n";
        let reboot = asked(whole).unwrap();
        assert_eq!(reboot.since.unwrap().as_second(), 1_790_000_100);
        assert_eq!(reboot.packages, ["dbus", "libc6"]);
        let reboot = asked("pending\nfile\t1790000900:0\t/run/reboot-required\n").unwrap();
        assert_eq!(reboot.since.unwrap().as_second(), 1_790_000_900);
        assert_eq!(asked("pending\n").unwrap().since, None);
        assert_eq!(asked(""), None);
    }
}
