//! The format.

use proptest::prelude::*;
use sha2::{Digest, Sha256};
use tokio::io::AsyncReadExt;
use windlass_backups::archive::{Effort, Error, Key, Opener, Sealer};

use crate::support::{Broken, Pieces, label, noise, open, seal};

/// Of a chunk, as it is stored, and of what stands before the first.
const CHUNK: usize = 64 * 1024 + 16;
const START: usize = 168 + 16;

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime").block_on(future)
}

/// Nothing, a byte, and lengths about the borders of buffers and chunks.
fn content() -> impl Strategy<Value = Vec<u8>> {
    let border = prop::sample::select(vec![
        0_usize,
        1,
        CHUNK - 200,
        CHUNK,
        128 * 1024,
        2 * CHUNK,
        300_000,
    ]);
    let length = (border, 0_usize..400).prop_map(|(border, more)| border + more);
    (length, any::<bool>(), any::<u8>()).prop_map(|(length, is_noise, fill)| {
        if is_noise {
            noise(length)
        } else {
            vec![fill; length]
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// However content and archive come, the content is the same, and so are the measures.
    #[test]
    fn what_is_written_is_read(
        content in content(),
        least in any::<bool>(),
        sizes in prop::collection::vec(1_usize..100_000, 1..4),
    ) {
        run(async {
            let key = Key::generate().unwrap();
            let effort = if least { Effort::Least } else { Effort::Usual };
            let pieces = Pieces::new(&content, sizes.clone());
            let mut sealer = Sealer::new(pieces, &key, &label(), effort).unwrap();
            let mut stored = Vec::new();
            sealer.read_to_end(&mut stored).await.unwrap();
            let written = sealer.written().unwrap();
            prop_assert_eq!(written.content.bytes, content.len() as u64);
            prop_assert_eq!(&written.content.sha256, &hex::encode(Sha256::digest(&content)));
            prop_assert_eq!(written.stored.bytes, stored.len() as u64);
            prop_assert_eq!(&written.stored.sha256, &hex::encode(Sha256::digest(&stored)));
            let pieces = Pieces::new(&stored, sizes);
            let (found, mut opener) = Opener::new(pieces, &key).await.unwrap();
            prop_assert_eq!(found, label());
            let mut read = Vec::new();
            opener.read_to_end(&mut read).await.unwrap();
            prop_assert!(read == content);
            prop_assert_eq!(opener.read(), Some(written.content.clone()));
            let (_, opener) = Opener::new(&stored[..], &key).await.unwrap();
            prop_assert_eq!(opener.check().await.unwrap(), written.content);
            Ok(())
        })?;
    }

    /// Any byte that was changed is found, and what was read before it is the content's beginning.
    #[test]
    fn a_changed_bit_is_found(length in 0_usize..200_000, place in any::<prop::sample::Index>(), bit in 0_u8..8) {
        run(async {
            let (key, content) = (Key::generate().unwrap(), noise(length));
            let (mut stored, _) = seal(&content, &key, Effort::Least).await;
            let place = place.index(stored.len());
            stored[place] ^= 1 << bit;
            let (read, end) = open(&stored, &key).await;
            prop_assert!(end.is_err(), "bit {} of byte {}", bit, place);
            prop_assert!(content.starts_with(&read));
            if place < START {
                prop_assert!(read.is_empty());
            }
            Ok(())
        })?;
    }

    /// So is an archive that was cut off, anywhere.
    #[test]
    fn a_cut_is_found(length in 0_usize..200_000, place in any::<prop::sample::Index>()) {
        run(async {
            let (key, content) = (Key::generate().unwrap(), noise(length));
            let (stored, _) = seal(&content, &key, Effort::Least).await;
            let place = place.index(stored.len());
            let (read, end) = open(&stored[..place], &key).await;
            prop_assert!(matches!(end, Err(Error::Truncated)), "{:?}", end);
            prop_assert!(content.starts_with(&read));
            Ok(())
        })?;
    }
}

/// The classes of cuts: in the header, the nonce, at and about each chunk's border, in the last chunk, its tag.
#[tokio::test]
async fn every_class_of_cut_is_found() {
    let (key, content) = (Key::generate().unwrap(), noise(3 * CHUNK));
    let (stored, _) = seal(&content, &key, Effort::Least).await;
    let borders = [
        0,
        21,
        168,
        START,
        START + CHUNK,
        START + 2 * CHUNK,
        START + 3 * CHUNK,
        stored.len(),
    ];
    for border in borders {
        for place in border.saturating_sub(17)..(border + 18).min(stored.len()) {
            let (read, end) = open(&stored[..place], &key).await;
            assert!(matches!(end, Err(Error::Truncated)), "{place}: {end:?}");
            assert!(content.starts_with(&read), "{place}");
        }
    }
}

#[tokio::test]
async fn chunks_that_were_moved_or_are_anothers_are_found() {
    let (key, content) = (Key::generate().unwrap(), noise(3 * CHUNK));
    let (stored, _) = seal(&content, &key, Effort::Least).await;
    let (same, _) = seal(&content, &key, Effort::Least).await;
    let chunk = |number: usize| START + number * CHUNK..START + (number + 1) * CHUNK;
    let mut swapped = stored.clone();
    swapped[chunk(0)].copy_from_slice(&stored[chunk(1)]);
    swapped[chunk(1)].copy_from_slice(&stored[chunk(0)]);
    let mut missing = stored.clone();
    missing.drain(chunk(1));
    let mut twice = stored.clone();
    twice.splice(chunk(1).start..chunk(1).start, stored[chunk(1)].to_vec());
    // Another archive of the same content under the same key.
    let mut another = stored.clone();
    another[chunk(1)].copy_from_slice(&same[chunk(1)]);
    for (what, changed) in [
        ("swapped", swapped),
        ("missing", missing),
        ("twice", twice),
        ("another's", another),
    ] {
        let (read, end) = open(&changed, &key).await;
        assert!(matches!(end, Err(Error::Damaged { .. })), "{what}: {end:?}");
        assert!(
            content.starts_with(&read) && read.len() < 2 * CHUNK,
            "{what}: {}",
            read.len()
        );
    }
    // What stands behind the last chunk makes that one another.
    for more in [&b"x"[..], &stored[chunk(0)], &stored] {
        let (_, end) = open(&[&stored, more].concat(), &key).await;
        assert!(end.is_err(), "{} more bytes", more.len());
    }
    // Another's header.
    let (mut headed, _) = seal(&content, &key, Effort::Least).await;
    headed[..START].copy_from_slice(&stored[..START]);
    let (read, end) = open(&headed, &key).await;
    assert!(
        matches!(end, Err(Error::Damaged { at: 0 })) && read.is_empty(),
        "{end:?}"
    );
}

#[tokio::test]
async fn another_key_opens_nothing() {
    let key = Key::generate().unwrap();
    let (stored, _) = seal(b"content", &key, Effort::Usual).await;
    let (read, end) = open(&stored, &Key::generate().unwrap()).await;
    assert!(
        matches!(end, Err(Error::WrongKey)) && read.is_empty(),
        "{end:?}"
    );
}

#[tokio::test]
async fn what_is_no_archive_is_told_apart() {
    let key = Key::generate().unwrap();
    let long = "x".repeat(400);
    let newer = format!("age-encryption.org/v2\n{long}");
    let armored = format!("-----BEGIN AGE ENCRYPTED FILE-----\n{long}");
    let others = format!("age-encryption.org/v1\n-> scrypt {long}");
    for foreign in [&long, &armored, &others] {
        let (_, end) = open(foreign.as_bytes(), &key).await;
        assert!(matches!(end, Err(Error::Foreign(_))), "{end:?}");
    }
    let (_, end) = open(newer.as_bytes(), &key).await;
    assert!(
        matches!(&end, Err(Error::Newer(version)) if version == "age v2"),
        "{end:?}"
    );
    let (_, end) = open(b"short", &key).await;
    assert!(matches!(end, Err(Error::Truncated)), "{end:?}");
}

/// A dump that breaks off is no archive, however much of it was stored.
#[tokio::test]
async fn content_that_breaks_off_has_no_end() {
    let (key, content) = (Key::generate().unwrap(), noise(3 * CHUNK));
    let mut sealer = Sealer::new(Broken(&content), &key, &label(), Effort::Least).unwrap();
    let mut stored = Vec::new();
    let error = sealer.read_to_end(&mut stored).await.unwrap_err();
    assert_eq!(error.to_string(), "the dump broke off");
    assert!(stored.len() > CHUNK, "{}", stored.len());
    let again = sealer.read_to_end(&mut stored).await;
    assert!(again.is_err() && sealer.written().is_none());
    let (_, end) = open(&stored, &key).await;
    assert!(matches!(end, Err(Error::Truncated)), "{end:?}");
}

#[tokio::test]
async fn text_gets_small_and_what_is_compressed_does_not_get_large() {
    let key = Key::generate().unwrap();
    let text = "INSERT INTO page VALUES (1, 'a title', 'a text');\n".repeat(20_000);
    let (stored, _) = seal(text.as_bytes(), &key, Effort::Usual).await;
    assert!(
        stored.len() < text.len() / 50,
        "{} of {}",
        stored.len(),
        text.len()
    );
    let content = noise(1_000_000);
    for effort in [Effort::Usual, Effort::Least] {
        let (stored, _) = seal(&content, &key, effort).await;
        assert!(stored.len() < content.len() + 2000, "{}", stored.len());
    }
}

/// What was written is for good: an archive of the first version, and the age tool's word for its form, in
/// `tests/backups/first.age`, made by this code and opened by age 1.1.1.
#[tokio::test]
async fn archives_of_the_first_version_are_read() {
    let key = include_str!("first.key").trim();
    let key = Key::from_text(&secrecy::SecretString::from(key)).unwrap();
    let (content, end) = open(include_bytes!("first.age"), &key).await;
    assert_eq!(content, b"CREATE TABLE page (id bigint);\n");
    assert_eq!(end.unwrap().bytes, 31);
}
