//! The operations that race, by family. Each looks at what it got and undoes what it did.

use rustix::fs::AtFlags;

use super::outside::{INSIDE, INSIDE_TEXT};
use super::scene::Scene;
use super::{Operation, Seen};
use crate::common::ops::Open;
use crate::common::records::{Filestat, dirents};
use crate::common::rights::{FD_FILESTAT_GET, FD_READ};
use crate::common::{Answer, Guest, ROOT, filetype, oflags, rights};

const FILE: AtFlags = AtFlags::empty();

macro_rules! operations {
    (@last) => { false };
    (@last refused) => { true };
    ($($family:ident { $($name:literal on $entry:literal $(last $answer:ident)?, $run:expr;)* })*) => {
        $(pub const $family: &[Operation] = &[$(Operation {
            name: $name,
            entry: $entry,
            refused_at_last: operations!(@last $($answer)?),
            run: $run,
        },)*];)*
    };
}

// At the end of a path, where something is all the time, nothing can be created: "last refused".
operations! {
    OPEN {
        "read" on "file", |guest, scene| read(guest, scene, reading());
        "read, follow" on "file", |guest, scene| read(guest, scene, reading().following());
        "truncate, write" on "file", |guest, scene| {
            write(guest, scene, Open::with(oflags::TRUNC, rights::FILE).following())
        };
        "create, write" on "new", |guest, scene| {
            let seen = write(guest, scene, Open::with(oflags::CREAT, rights::FILE).following())?;
            // There it was before; elsewhere it is new.
            let created = seen == Seen::Inside && !scene.setting.position.is_last();
            Ok(if created { scene.remove_new(FILE) } else { seen })
        };
        "create exclusively" on "new" last refused, |guest, scene| {
            let open = Open::with(oflags::CREAT | oflags::EXCL, rights::FILE).following();
            let seen = write(guest, scene, open)?;
            Ok(if seen == Seen::Inside { scene.remove_new(FILE) } else { seen })
        };
    }
    STAT {
        "file" on "file", |guest, scene| stat(guest, scene, false);
        "file, follow" on "file", |guest, scene| stat(guest, scene, true);
        "directory" on "empty", |guest, scene| stat(guest, scene, false);
        "directory, follow" on "empty", |guest, scene| stat(guest, scene, true);
    }
    UNLINK {
        "file" on "file", |guest, scene| guest.unlink(&scene.path).map(|()| scene.replant());
        "link" on "link", |guest, scene| guest.unlink(&scene.path).map(|()| scene.replant());
    }
    RENAME {
        "from, file" on "file", |guest, scene| {
            guest.rename(&scene.path, "got").map(|()| scene.bring_back())
        };
        "from, directory" on "empty", |guest, scene| {
            guest.rename(&scene.path, "got").map(|()| scene.bring_back())
        };
        "to, new" on "new", |guest, scene| {
            guest.rename("spare", &scene.path).map(|()| scene.bring_spare_back("spare"))
        };
        "to, file" on "file", |guest, scene| {
            guest.rename("spare", &scene.path).map(|()| scene.bring_spare_back("spare"))
        };
        "to, directory" on "empty", |guest, scene| {
            guest.rename("spare_dir", &scene.path).map(|()| scene.bring_spare_back("spare_dir"))
        };
        "from and to" on "file", |guest, scene| {
            guest.rename(&scene.path, &scene.second).map(|()| scene.bring_second_back())
        };
    }
    MKDIR {
        "new" on "new" last refused, |guest, scene| {
            guest.mkdir(&scene.path).map(|()| scene.remove_new(AtFlags::REMOVEDIR))
        };
    }
    RMDIR {
        "empty" on "empty", |guest, scene| guest.rmdir(&scene.path).map(|()| scene.replant());
    }
    LINK {
        "from" on "file", |guest, scene| {
            guest.hard_link(false, &scene.path, "got").map(|()| scene.remove_got())
        };
        "from, follow" on "file", |guest, scene| {
            guest.hard_link(true, &scene.path, "got").map(|()| scene.remove_got())
        };
        "to" on "new" last refused, |guest, scene| {
            guest.hard_link(false, "spare", &scene.path).map(|()| scene.remove_new(FILE))
        };
        "from and to" on "file", |guest, scene| {
            guest.hard_link(false, &scene.path, &scene.second).map(|()| scene.remove_second())
        };
    }
    READLINK {
        "link" on "link", |guest, scene| {
            let content = guest.readlink(&scene.path, 1000)?;
            Ok(match &content[..] {
                content if content == INSIDE_TEXT.as_bytes() => Seen::Inside,
                content if scene.is_target(content) => Seen::Link,
                content => Seen::Escape(format!("read {:?}", String::from_utf8_lossy(content))),
            })
        };
    }
    SYMLINK {
        "new" on "new" last refused, |guest, scene| {
            guest.symlink(INSIDE_TEXT, &scene.path).map(|()| scene.remove_new(FILE))
        };
    }
    SET_TIMES {
        "file" on "file", |guest, scene| set_times(guest, scene, false);
        "file, follow" on "file", |guest, scene| set_times(guest, scene, true);
        "directory" on "empty", |guest, scene| set_times(guest, scene, false);
        "directory, follow" on "empty", |guest, scene| set_times(guest, scene, true);
    }
    READDIR {
        "list" on "full", |guest, scene| list(guest, scene, listing());
        "list, follow" on "full", |guest, scene| list(guest, scene, listing().following());
    }
}

fn reading() -> Open {
    Open::with(0, FD_READ | FD_FILESTAT_GET)
}

fn listing() -> Open {
    let inheriting = rights::DIRECTORY_INHERITING;
    Open { inheriting, ..Open::with(oflags::DIRECTORY, rights::DIRECTORY) }
}

/// Opens, lets `body` use the descriptor unless it is one of something outside, and closes.
fn opened(
    guest: &mut Guest,
    scene: &Scene,
    open: Open,
    body: impl FnOnce(&mut Guest, u64) -> Answer<Seen>,
) -> Answer<Seen> {
    let fd = guest.open(ROOT, &scene.path, open)?;
    let stat = guest.filestat(fd).unwrap();
    let seen = match judge(scene, stat) {
        Seen::Inside => body(guest, fd),
        seen => Ok(seen),
    };
    guest.close(fd).unwrap();
    seen
}

fn judge(scene: &Scene, stat: Filestat) -> Seen {
    if scene.outside.has(stat.ino) {
        return Seen::Escape(format!("got {stat:?}"));
    }
    if stat.filetype == filetype::SYMBOLIC_LINK { Seen::Link } else { Seen::Inside }
}

fn is_content(content: &[u8]) -> Seen {
    if content == INSIDE {
        return Seen::Inside;
    }
    Seen::Escape(format!("read {:?}", String::from_utf8_lossy(content)))
}

fn read(guest: &mut Guest, scene: &Scene, open: Open) -> Answer<Seen> {
    opened(guest, scene, open, |guest, fd| Ok(is_content(&guest.read(fd, 100).unwrap())))
}

/// Writes what the files inside hold anyway.
fn write(guest: &mut Guest, scene: &Scene, open: Open) -> Answer<Seen> {
    opened(guest, scene, open, |guest, fd| {
        guest.write(fd, INSIDE).unwrap();
        Ok(is_content(&guest.pread(fd, 100, 0).unwrap()))
    })
}

fn stat(guest: &mut Guest, scene: &Scene, follow: bool) -> Answer<Seen> {
    guest.path_filestat(ROOT, follow, &scene.path).map(|stat| judge(scene, stat))
}

fn set_times(guest: &mut Guest, scene: &Scene, follow: bool) -> Answer<Seen> {
    let stamp = scene.stamp();
    guest.path_times(follow, &scene.path, [stamp, stamp, 1 | 4])?;
    let stat = guest.path_filestat(ROOT, false, &scene.path);
    Ok(scene.check_stamp(stat.is_ok_and(|stat| stat.filetype == filetype::SYMBOLIC_LINK)))
}

/// Lists a directory and reads a file in it, through its descriptor.
fn list(guest: &mut Guest, scene: &Scene, open: Open) -> Answer<Seen> {
    opened(guest, scene, open, |guest, fd| {
        let entries = dirents(&guest.readdir(fd, 1000, 0).unwrap());
        let is_outside = |name: &str, ino| name == "secret" || scene.outside.has(ino);
        if let Some(entry) = entries.iter().find(|entry| is_outside(&entry.name, entry.ino)) {
            return Ok(Seen::Escape(format!("listed {entry:?}")));
        }
        let file = guest.open(fd, "file", reading()).unwrap();
        let seen = is_content(&guest.read(file, 100).unwrap());
        guest.close(file).unwrap();
        Ok(seen)
    })
}
