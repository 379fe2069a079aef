# Becomes the server, with the arguments as its options.
#
# The image's own way to a first administrator installs certificates whose keys everybody knows, and users with
# known passwords. So the security plugin gets a configuration of ours: one user, whom the server takes over into
# its own index at the first start. The password gets no further than its hash: not to a command line, not into
# the server's environment.
home=/usr/share/opensearch
security=$home/plugins/opensearch-security/tools
config=$home/config/opensearch-security
umask 077
for java in "${OPENSEARCH_JAVA_HOME:-$home/jdk}" "${JAVA_HOME:-$home/jdk}" "$home/jdk"; do
    if [ -x "$java/bin/keytool" ]; then break; fi
done
# The plugin asks for a certificate of the nodes' own connections, of which there are none: one for each start.
keys=$home/config/windlass-keys.p12
trust=$home/config/windlass-trust.p12
secret=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')
rm -f "$keys" "$trust"
# tool OPTION...: of keytool, which takes the password of a store from its environment.
tool() {
    WINDLASS_STORE_PASSWORD=$secret "$java/bin/keytool" "$@" -alias node \
        -storetype PKCS12 -storepass:env WINDLASS_STORE_PASSWORD
}
{
    tool -genkeypair -keystore "$keys" -keyalg EC -dname CN=windlass-node -validity 36500
    tool -exportcert -keystore "$keys" | tool -importcert -noprompt -keystore "$trust"
} 2>/dev/null

# hashed OPTION...: the hash of the password; nothing if the tool does not know the options.
hashed() {
    OPENSEARCH_JAVA_HOME=$java bash "$security/hash.sh" -env OPENSEARCH_INITIAL_ADMIN_PASSWORD "$@" 2>/dev/null |
        grep '^\$2' || true
}
# The server forgets who has logged in whenever a role or user changes: with its usual rounds of hashing, every
# change would cost a second of work. A random password needs none of them.
hash=$(hashed -a BCrypt -r 6)
if [ -z "$hash" ]; then hash=$(hashed); fi
unset OPENSEARCH_INITIAL_ADMIN_PASSWORD
if [ -z "$hash" ]; then
    echo 'the password of the administrator could not be hashed' >&2
    exit 1
fi
mkdir -p "$config"
# configuration TYPE: the beginning of a file.
configuration() {
    printf '_meta:\n  type: %s\n  config_version: 2\n' "$1"
}
{
    configuration internalusers
    printf 'windlass:\n  hash: "%s"\n  reserved: true\n  backend_roles: [admin]\n' "$hash"
} >"$config/internal_users.yml"
{
    configuration rolesmapping
    printf 'all_access:\n  reserved: true\n  backend_roles: [admin]\n'
} >"$config/roles_mapping.yml"
configuration roles >"$config/roles.yml"
configuration actiongroups >"$config/action_groups.yml"
configuration tenants >"$config/tenants.yml"
configuration nodesdn >"$config/nodes_dn.yml"
{
    configuration config
    printf 'config:\n  dynamic:\n    http:\n      anonymous_auth_enabled: false\n    authc:\n      internal:\n'
    printf '        http_enabled: true\n        order: 0\n        http_authenticator:\n'
    printf '          type: basic\n          challenge: true\n        authentication_backend:\n          type: intern\n'
} >"$config/config.yml"
{
    configuration audit
    printf 'config:\n  enabled: false\n'
} >"$config/audit.yml"
for list in allowlist whitelist; do
    {
        configuration "$list"
        printf 'config:\n  enabled: false\n  requests: {}\n'
    } >"$config/$list.yml"
done

# Its settings with the password of the certificate go to a file, which other users' processes do not see.
{
    grep -v '^plugins\.security\.' "$home/config/opensearch.yml" || true
    printf 'plugins.security.ssl.transport.%s\n' "keystore_type: PKCS12" "keystore_filepath: windlass-keys.p12" \
        "keystore_password: $secret" "truststore_type: PKCS12" "truststore_filepath: windlass-trust.p12" \
        "truststore_password: $secret" "enforce_hostname_verification: false"
    printf 'plugins.security.nodes_dn: ["CN=windlass-node"]\n'
} >"$home/config/opensearch.yml.new"
mv "$home/config/opensearch.yml.new" "$home/config/opensearch.yml"

# Half of the memory; the rest is for the index files that the system keeps there, and the virtual machine itself.
heap=512
if [ -n "$memory" ]; then heap=$((memory / 2 / 1048576)); fi
export OPENSEARCH_JAVA_OPTS="-Xms${heap}m -Xmx${heap}m ${OPENSEARCH_JAVA_OPTS:-}"
cd "$home"
exec ./opensearch-docker-entrypoint.sh opensearch "$@"
