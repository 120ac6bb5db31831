//! What bytes are, or look like, as far as their start tells. The one place that knows, for
//! compiling and for inspecting.

use wasmtime::{Engine, Precompiled};

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A module in the binary format.
    Module,
    /// A component, in the binary or the text format.
    Component,
    /// The text format.
    Text,
    /// What `serialize` gave, of this version or another.
    Precompiled,
    /// The binary format, in a version that nobody has defined.
    OtherVersion,
    /// No WebAssembly at all.
    Other(&'static Other),
}

/// What is not WebAssembly.
#[derive(Debug, PartialEq, Eq)]
pub struct Other {
    /// As `wasi-rs inspect` calls it.
    pub name: &'static str,
    /// What to say of it.
    message: &'static str,
}

const COMPONENT: &str = "This is a WebAssembly component (WASI 0.2 or later), and wasi-rs runs \
    core modules for WASI preview1. Build the program for preview1, for example with `cargo build \
    --target wasm32-wasip1`, and don't apply a component adapter. To run the component itself on \
    Node.js, transpile it with `jco transpile`";
const PRECOMPILED: &str = "This is precompiled code, which can do anything in this process. If you \
    trust where it comes from, load it with allowPrecompiled";
const OTHER_VERSION: &str = "This is binary WebAssembly of an unknown version. wasi-rs reads \
    version 1: check that the file is not damaged, and update the tools that made it or wasi-rs";

const EMPTY: Other = Other {
    name: "empty",
    message: "The source is empty (0 bytes). Check that the build or the download has finished",
};
const DAMAGED: Other = Other {
    name: "damaged-precompiled",
    message: "This looks like precompiled code that is cut off or damaged. Compile the module again",
};
const UNKNOWN: Other = Other {
    name: "unknown",
    message: "This is not WebAssembly: a binary module starts with the bytes 00 61 73 6d (\"\\0asm\"), \
        and the text format starts with \"(module\"",
};
const TAR: Other = Other {
    name: "tar",
    message: "This looks like a tar archive, not WebAssembly. Extract the module first",
};
const HTML: Other = Other {
    name: "html",
    message: "This looks like an HTML page, not WebAssembly. The server has probably answered with \
        an error page or a login page: check the URL",
};
const JSON: Other = Other {
    name: "json",
    message: "This looks like JSON, not WebAssembly. If it comes from a server, the answer may be \
        an error message: check the URL",
};
const JAVASCRIPT: Other = Other {
    name: "javascript",
    message: "This looks like JavaScript, not WebAssembly. Tools such as Emscripten and \
        wasm-bindgen write it beside the module: pass the .wasm file",
};
const EXECUTABLE: &str = "This looks like a native executable or library, not WebAssembly. Build \
    the program for a WebAssembly target, such as wasm32-wasip1";
const COMPRESSED: &str = "This looks like a compressed file, not WebAssembly. Decompress it first";
const ARCHIVE: &str =
    "This looks like an archive of object files, not WebAssembly. Link it into a module first";

const fn other(name: &'static str, message: &'static str) -> Other {
    Other { name, message }
}

/// By the bytes that they start with.
const SIGNATURES: &[(&[u8], Other)] = &[
    (b"\x1f\x8b", other("gzip", COMPRESSED)),
    (
        b"PK\x03\x04",
        other("zip", "This looks like a ZIP archive, not WebAssembly. Extract the module first"),
    ),
    (b"\x28\xb5\x2f\xfd", other("zstd", COMPRESSED)),
    (b"\xfd7zXZ\0", other("xz", COMPRESSED)),
    (b"BZh", other("bzip2", COMPRESSED)),
    (b"\x7fELF", other("elf", EXECUTABLE)),
    (b"\xcf\xfa\xed\xfe", other("mach-o", EXECUTABLE)),
    (b"\xce\xfa\xed\xfe", other("mach-o", EXECUTABLE)),
    (b"\xca\xfe\xba\xbe", other("mach-o", EXECUTABLE)),
    (b"MZ", other("pe", EXECUTABLE)),
    (b"!<arch>\n", other("ar", ARCHIVE)),
    (
        b"BC\xc0\xde",
        other(
            "llvm-bitcode",
            "This looks like LLVM bitcode, not WebAssembly. Link it into a module first",
        ),
    ),
    (
        b"version https://git-lfs.github.com/spec/",
        other(
            "git-lfs",
            "This looks like a Git LFS pointer, not WebAssembly. Run `git lfs pull` to download \
             the file that it stands for",
        ),
    ),
    (
        b"AGFzb",
        other(
            "base64",
            "This looks like WebAssembly encoded as Base64. Decode it first, with \
             Buffer.from(text, 'base64')",
        ),
    ),
];

/// How JavaScript starts, behind white space.
const SCRIPTS: &[&str] = &[
    "import ",
    "import{",
    "export ",
    "var ",
    "let ",
    "const ",
    "function ",
    "async ",
    "class ",
    "\"use strict\"",
    "'use strict'",
    "//",
    "/*",
    "#!",
    "(function",
    "(()",
    "(async",
    "!function",
    "module.exports",
    "exports.",
    "globalThis.",
];

impl Kind {
    /// Looks at the start; all of it only for comments of the text format.
    pub fn of(bytes: &[u8]) -> Self {
        match Engine::detect_precompiled(bytes) {
            Some(Precompiled::Module) => Kind::Precompiled,
            Some(Precompiled::Component) => Kind::Component,
            None if bytes.starts_with(b"\0asm") => of_binary(bytes),
            None => of_others(bytes),
        }
    }

    /// As `wasi-rs inspect` calls it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Module | Kind::Text => "module",
            Kind::Component => "component",
            Kind::Precompiled => "precompiled",
            Kind::OtherVersion => "unknown-version",
            Kind::Other(other) => other.name,
        }
    }

    /// Why it can't be compiled, and what to do about it. `None` if perhaps it can.
    pub fn refusal(self) -> Option<&'static str> {
        match self {
            Kind::Module | Kind::Text => None,
            Kind::Component => Some(COMPONENT),
            Kind::Precompiled => Some(PRECOMPILED),
            Kind::OtherVersion => Some(OTHER_VERSION),
            Kind::Other(other) => Some(other.message),
        }
    }
}

/// Two bytes of a version, two of a layer. What is cut off is left to the parser.
fn of_binary(bytes: &[u8]) -> Kind {
    match bytes.get(4..8) {
        None | Some([1, 0, 0, 0]) => Kind::Module,
        Some([_, _, 1, 0]) => Kind::Component,
        Some(_) => Kind::OtherVersion,
    }
}

/// Byte of an ELF file that says for which system it is, and what wasmtime writes there.
const ELF_SYSTEM: (usize, u8) = (7, 200);
/// Where tar archives say what they are.
const TAR_AT: usize = 257;

fn of_others(bytes: &[u8]) -> Kind {
    if bytes.is_empty() {
        return Kind::Other(&EMPTY);
    }
    if bytes.starts_with(b"\x7fELF") && bytes.get(ELF_SYSTEM.0) == Some(&ELF_SYSTEM.1) {
        return Kind::Other(&DAMAGED);
    }
    let known = SIGNATURES.iter().find(|(start, _)| bytes.starts_with(start));
    if let Some((_, other)) = known {
        return Kind::Other(other);
    }
    if bytes.get(TAR_AT..).is_some_and(|rest| rest.starts_with(b"ustar")) {
        return Kind::Other(&TAR);
    }
    of_text(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start())
}

fn of_text(text: &[u8]) -> Kind {
    let start = text[..text.len().min(32)].to_ascii_lowercase();
    let starts = |with: &str| start.starts_with(with.as_bytes());
    if ["<!doctype", "<html", "<head", "<body", "<?xml", "<!--"].into_iter().any(starts) {
        return Kind::Other(&HTML);
    }
    if SCRIPTS.iter().any(|with| text.starts_with(with.as_bytes())) {
        return Kind::Other(&JAVASCRIPT);
    }
    match text.first() {
        Some(b'{' | b'[') => Kind::Other(&JSON),
        Some(b'(' | b';') if is_component(text) => Kind::Component,
        Some(b'(' | b';') => Kind::Text,
        _ => Kind::Other(&UNKNOWN),
    }
}

/// Whether the text format says so.
fn is_component(text: &[u8]) -> bool {
    let inner = without_comments(text).strip_prefix(b"(");
    inner.is_some_and(|inner| without_comments(inner).starts_with(b"component"))
}

/// Behind white space and comments. Block comments may be nested.
fn without_comments(mut text: &[u8]) -> &[u8] {
    loop {
        text = text.trim_ascii_start();
        if text.starts_with(b";;") {
            let end = text.iter().position(|byte| *byte == b'\n').unwrap_or(text.len());
            text = &text[end..];
        } else if text.starts_with(b"(;") {
            text = behind_block(text);
        } else {
            return text;
        }
    }
}

fn behind_block(text: &[u8]) -> &[u8] {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(pair) = text.get(at..at + 2) {
        match pair {
            b"(;" => depth += 1,
            b";)" => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return &text[at..];
        }
    }
    &[]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(bytes: impl AsRef<[u8]>) -> &'static str {
        Kind::of(bytes.as_ref()).name()
    }

    #[test]
    fn tells_binaries_by_version_and_layer() {
        assert_eq!(name(b"\0asm\x01\0\0\0"), "module");
        assert_eq!(name(b"\0asm\x0d\0\x01\0"), "component");
        assert_eq!(name(b"\0asm\x02\0\0\0"), "unknown-version");
        assert_eq!(name(b"\0asm"), "module");
    }

    #[test]
    fn tells_texts_behind_comments() {
        assert_eq!(Kind::of(b" ;; (component)\n(module)"), Kind::Text);
        assert_eq!(name("(; a (; b ;) ;) ( ;;c\n component)"), "component");
        assert_eq!(Kind::of(b"(; never ends (component)"), Kind::Text);
        assert_eq!(Kind::of(b"(func)"), Kind::Text);
    }

    #[test]
    fn tells_what_is_no_webassembly() {
        assert_eq!(name(""), "empty");
        assert_eq!(name("\u{feff}\n<!DOCTYPE html>"), "html");
        assert_eq!(name("(function() {})()"), "javascript");
        assert_eq!(name(b"\x7fELF\x02\x01\x01\0"), "elf");
        assert_eq!(name(b"\x7fELF\x02\x01\x01\xc8"), "damaged-precompiled");
        assert_eq!(name([&[b'a'; 257][..], b"ustar"].concat()), "tar");
        assert_eq!(name("hello"), "unknown");
    }
}
