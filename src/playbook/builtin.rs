//! The built-in ignore list: packages that belong to the machine and not to what it does.
//!
//! It holds for packages that no playbook entry names, and for nothing else: an entry always wins.

use std::sync::LazyLock;

use super::glob::Glob;

/// The list itself, with its reasons.
const LIST: &str = include_str!("builtin-ignore.txt");

/// Kernels, headers, firmware, microcode, boot loaders, guest agents and GPU drivers, under the names
/// that Debian, Ubuntu, the RPM systems, Arch and Alpine give them.
pub fn builtin_ignores() -> &'static [Glob] {
    static GLOBS: LazyLock<Vec<Glob>> =
        LazyLock::new(|| lines().filter_map(|line| Glob::parse(line).ok()).collect());
    &GLOBS
}

fn lines() -> impl Iterator<Item = &'static str> {
    LIST.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn ignored(name: &str) -> bool {
        builtin_ignores().iter().any(|glob| glob.matches(name))
    }

    #[test]
    fn every_line_is_a_glob_and_stands_there_once() {
        assert_eq!(builtin_ignores().len(), lines().count());
        assert_eq!(lines().collect::<BTreeSet<_>>().len(), lines().count());
    }

    #[test]
    fn what_belongs_to_the_machine_is_ignored() {
        let names = "linux-image-6.1.0-31-amd64 linux-image-amd64 linux-headers-6.12.6+deb13-common \
            linux-modules-extra-6.8.0-51-generic linux-generic-hwe-24.04 linux-tools-6.8.0-51 \
            kernel kernel-core kernel-modules-extra kernel-uek-core linux-firmware firmware-misc-nonfree \
            iwl7260-firmware intel-microcode amd64-microcode microcode_ctl grub-pc grub-efi-amd64-signed \
            grub2-tools-minimal shim-signed shim-x64 systemd-boot-efi open-vm-tools-desktop qemu-guest-agent \
            walinuxagent google-guest-agent hyperv-daemons nvidia-driver-550-server libnvidia-compute-550 \
            kmod-nvidia-latest-dkms proxmox-kernel-6.8";
        for name in names.split_whitespace() {
            assert!(ignored(name), "{name}");
        }
    }

    #[test]
    fn what_a_server_does_is_not() {
        let names = "nginx openssl libc6 linux-libc-dev linux-base linux-sysctl-defaults kernelshark systemd \
            systemd-sysv cloud-init util-linux util-linux-extra openssh-server grubbing cuda-toolkit-12-4 \
            nvidia-container-toolkit dracut initramfs-tools firmwared libvirt-daemon qemu-system-x86 postgresql-17";
        for name in names.split_whitespace() {
            assert!(!ignored(name), "{name}");
        }
    }
}
