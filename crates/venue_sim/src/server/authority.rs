//! Who vouches for the simulators' certificates: an authority of our own, good for this machine's loopback alone.

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, NameConstraints,
};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::fmt;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

const KEY_FILE: &str = "authority.key";
const CERTIFICATE_FILE: &str = "ca.pem";

/// A certificate authority for `localhost`, 127.0.0.0/8 and `::1`; name constraints in its certificate keep it from
/// vouching for anything else, so that trusting it is safe. Never prints its key.
#[derive(Clone)]
pub struct Authority {
    key: Arc<KeyPair>,
    ca_pem: String,
}

impl Authority {
    /// A new one that lives in memory.
    ///
    /// # Errors
    /// No key could be drawn.
    pub fn generate() -> io::Result<Self> {
        Self::of(KeyPair::generate().map_err(io::Error::other)?)
    }

    /// The one kept in this folder, made on first use: `authority.key` (readable by its owner only) and `ca.pem` for
    /// clients. Two processes that come at the same moment end up with the same one.
    ///
    /// # Errors
    /// The folder cannot be written, or the key file is not a key.
    pub fn load_or_create(folder: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let key_file = folder.join(KEY_FILE);
        if !key_file.exists() {
            let fresh = KeyPair::generate().map_err(io::Error::other)?.serialize_pem();
            let draft = folder.join(format!("{KEY_FILE}.{}", std::process::id()));
            write_private(&draft, fresh.as_bytes())?;
            // A hard link appears whole and never replaces: whoever is first wins, the other one loads that.
            let linked = std::fs::hard_link(&draft, &key_file);
            std::fs::remove_file(&draft)?;
            match linked {
                Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(e),
                _ => {}
            }
        }
        let pem = std::fs::read_to_string(&key_file)?;
        let key = KeyPair::from_pem(&pem).map_err(|e| {
            io::Error::new(io::ErrorKind::InvalidData, format!("{} holds no private key: {e}", key_file.display()))
        })?;
        let authority = Self::of(key)?;
        let draft = folder.join(format!("{CERTIFICATE_FILE}.{}", std::process::id()));
        std::fs::write(&draft, &authority.ca_pem)?;
        std::fs::rename(&draft, folder.join(CERTIFICATE_FILE))?;
        Ok(authority)
    }

    /// The authority's certificate, PEM. Its bytes differ each time it is made from the same key, its trust does
    /// not: name and key are what a client compares.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// TLS 1.3 with a fresh leaf for this machine.
    pub(super) fn server_config(&self) -> io::Result<rustls::ServerConfig> {
        let leaf_key = KeyPair::generate().map_err(io::Error::other)?;
        let mut leaf = CertificateParams::new(["localhost", "127.0.0.1", "::1"].map(str::to_owned)).map_err(io::Error::other)?;
        leaf.distinguished_name = DistinguishedName::new();
        leaf.distinguished_name.push(DnType::CommonName, "bot4 simulated venue");
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        leaf.use_authority_key_identifier_extension = true;
        let issuer = Issuer::new(ca_params()?, &*self.key);
        let certificate = leaf.signed_by(&leaf_key, &issuer).map_err(io::Error::other)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(leaf_key.serialize_der()));

        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .map_err(io::Error::other)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }

    fn of(key: KeyPair) -> io::Result<Self> {
        let ca_pem = ca_params()?.self_signed(&key).map_err(io::Error::other)?.pem();
        Ok(Self { key: Arc::new(key), ca_pem })
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authority")
    }
}

fn ca_params() -> io::Result<CertificateParams> {
    let mut ca = CertificateParams::new(Vec::<String>::new()).map_err(io::Error::other)?;
    ca.distinguished_name = DistinguishedName::new();
    ca.distinguished_name.push(DnType::CommonName, "bot4 simulated venues, loopback only");
    ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    ca.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![
            GeneralSubtree::DnsName("localhost".to_owned()),
            GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix([127, 0, 0, 0], 8)),
            GeneralSubtree::IpAddress(CidrSubnet::from_v6_prefix(std::net::Ipv6Addr::LOCALHOST.octets(), 128)),
        ],
        excluded_subtrees: Vec::new(),
    });
    Ok(ca)
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?.write_all(bytes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]
mod tests {
    use super::*;

    #[test]
    fn two_processes_share_the_authority_of_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let first = Authority::load_or_create(folder.path()).unwrap();
        let second = Authority::load_or_create(folder.path()).unwrap();
        assert_eq!(first.key.public_key_pem(), second.key.public_key_pem());
        assert!(folder.path().join("ca.pem").exists());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "no draft is left behind");
    }

    #[test]
    fn the_key_is_for_its_owner_only_and_never_prints() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::load_or_create(folder.path()).unwrap();
        let mode = std::fs::metadata(folder.path().join("authority.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(format!("{authority:?}"), "Authority");
    }

    #[test]
    fn a_file_that_is_no_key_is_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("authority.key"), "nonsense").unwrap();
        let error = Authority::load_or_create(folder.path()).unwrap_err().to_string();
        assert!(error.contains("authority.key"), "{error}");
    }
}
