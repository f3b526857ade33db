//! Who runs a command: what the operating system says, on which host.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::store::Who;

/// The user and the host of this process. What the system does not tell is left out.
pub(crate) fn operator() -> Who {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname")
        .or_else(|_| std::env::var("HOSTNAME"))
        .ok();
    Who {
        os_user: uid().map(|uid| named(uid, &users())),
        address: host.map(|host| host.trim().to_owned()),
        ..Who::default()
    }
}

/// The owner of this process, whatever its environment says.
fn uid() -> Option<u32> {
    let process = ["/proc/self", "/dev/fd"].map(Path::new);
    let of = |path: &Path| std::fs::metadata(path).ok().map(|metadata| metadata.uid());
    process.into_iter().find_map(of)
}

fn users() -> String {
    std::fs::read_to_string("/etc/passwd").unwrap_or_default()
}

/// `root (uid 0)`, or the number alone where the file of users has no such one.
fn named(uid: u32, users: &str) -> String {
    let name = users.lines().find_map(|line| {
        let mut members = line.split(':');
        let (name, _password, number) = (members.next()?, members.next()?, members.next()?);
        (number.parse() == Ok(uid)).then_some(name)
    });
    match name {
        Some(name) => format!("{name} (uid {uid})"),
        None => format!("uid {uid}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_told_by_number_and_by_name_if_there_is_one() {
        let users = "root:x:0:0:root:/:/bin/sh\nann:x:1000:1000::/:/bin/sh\n";
        assert_eq!(named(0, users), "root (uid 0)");
        assert_eq!(named(1000, users), "ann (uid 1000)");
        assert_eq!(named(100, users), "uid 100");
        assert_eq!(named(0, "broken"), "uid 0");
    }

    #[test]
    fn this_process_has_a_user() {
        assert!(operator().os_user.is_some_and(|user| user.contains("uid ")));
    }
}
