# The private PostgreSQL cluster.

postgres_dir=$services_dir/postgres

# postgres_programs [MAJOR]: the folder with the newest server on this machine, or with that of a major version.
postgres_programs() {
    local folder version newest=0 best=
    for folder in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/local/pgsql/bin "$(folder_of postgres)"; do
        [[ -x $folder/postgres && -x $folder/initdb ]] || continue
        version=$("$folder/postgres" --version)
        [[ $version =~ \)\ ([0-9]+) ]] || continue
        version=${BASH_REMATCH[1]}
        if ((version > newest)) && [[ -z ${1:-} || $version == "$1" ]]; then newest=$version best=$folder; fi
    done
    [[ -n $best ]] && echo "$best"
}

postgres_exists() { [[ -s $postgres_dir/ports ]]; }
postgres_is_running() { is_alive "$postgres_dir/process"; }

postgres_url() {
    echo "postgres://postgres:$(<"$postgres_dir/password")@127.0.0.1:$(port_of "$postgres_dir/ports" postgres)/carvetka"
}

# PostgreSQL refuses to run as root, so root runs it under another account.
postgres_account() {
    if id -u postgres >/dev/null 2>&1; then echo postgres; else echo nobody; fi
}

# as_account COMMAND…: with a clean environment, since PG… variables would change what the programs do.
as_account() {
    local prefix
    mapfile -t prefix < <(account_prefix)
    (cd / && exec "${prefix[@]}" "$@")
}

account_prefix() {
    local account
    printf '%s\n' env -i "PATH=$PATH" LC_ALL=C.UTF-8
    ((EUID == 0)) || return 0
    account=$(postgres_account)
    printf '%s\n' setpriv "--reuid=$account" "--regid=$(id -g "$account")" --clear-groups
}

# The folder that holds `data`. The account may be unable to reach ours (a clone in /root, a mktemp -d): then the
# cluster lives in a private folder below /var/tmp, which is remembered.
postgres_home() {
    if [[ -s $postgres_dir/elsewhere ]]; then cat "$postgres_dir/elsewhere"; else echo "$postgres_dir"; fi
}

postgres_find_home() {
    mkdir -p -- "$postgres_dir"
    ((EUID == 0)) || return 0
    chmod 711 -- "$postgres_dir"
    if [[ -s $postgres_dir/elsewhere ]] || as_account test -x "$postgres_dir"; then return 0; fi
    local elsewhere
    elsewhere=$(mktemp -d /var/tmp/carvetka-postgres.XXXXXXXX)
    chmod 711 -- "$elsewhere"
    echo "$elsewhere" >"$postgres_dir/elsewhere"
}

# Made under another name, so that an attempt that was cut short is never taken for a cluster.
postgres_create() {
    local programs home new password
    programs=$(postgres_programs) || die "cannot find PostgreSQL"
    home=$(postgres_home) new=$home/data.new password=$(new_password)
    rm -rf -- "$new"
    mkdir -- "$new"
    ((EUID)) || chown -- "$(postgres_account)": "$new"

    # Not synced, which is half of the time: nothing is promised about an empty cluster.
    as_account "$programs/initdb" --pgdata="$new" --username=postgres --auth=trust --encoding=UTF8 \
        --locale=C.UTF-8 --no-sync >"$postgres_dir/initdb.log" 2>&1 || die "initdb failed: $(tail -n 3 "$postgres_dir/initdb.log")"
    # In single-user mode: needs no client programs, and nobody can come in before the password is set.
    as_account "$programs/postgres" --single -D "$new" postgres >>"$postgres_dir/initdb.log" 2>&1 <<SQL ||
ALTER USER postgres PASSWORD '$password';
CREATE DATABASE carvetka;
SQL
        die "cannot set up the cluster: $(tail -n 3 "$postgres_dir/initdb.log")"
    # Others on this machine have no business here. The plain form, since nobody can listen on loopback, and SCRAM's
    # thousands of hashes would be most of the time that a debug build spends on connecting.
    as_account tee "$new/pg_hba.conf" >/dev/null <<<'host all all 127.0.0.1/32 password'
    echo "$password" >"$postgres_dir/password"
    mv -- "$new" "$home/data"
}

# postgres_start POLICY: see choose_ports. fsync stays on: what is promised to be durable has to be.
postgres_start() {
    postgres_find_home
    local programs prefix data major
    data=$(postgres_home)/data
    [[ -d $data ]] || postgres_create
    major=$(<"$data/PG_VERSION")
    programs=$(postgres_programs "$major") ||
        die "the data is of PostgreSQL $major, which is not installed any more; scripts/services destroy forgets it"
    postgres_forget_corpse "$data"

    mapfile -t prefix < <(account_prefix)
    for _ in 1 2 3; do
        choose_ports "$1" "$postgres_dir/ports" postgres
        # No socket file: all clients come by TCP, and a deep folder would make its path too long. Dynamic shared
        # memory in files: what a killed server leaves behind goes with its folder.
        launch "$postgres_dir/process" "$postgres_dir/log" "${prefix[@]}" "$programs/postgres" -D "$data" \
            -p "$(port_of "$postgres_dir/ports" postgres)" -c listen_addresses=127.0.0.1 \
            -c unix_socket_directories= -c cluster_name=carvetka-services -c timezone=UTC -c log_timezone=UTC \
            -c dynamic_shared_memory_type=mmap -c max_connections=200 -c max_locks_per_transaction=256
        within 60 postgres_is_decided "$data" || die "PostgreSQL does not start: see $postgres_dir/log"
        if postgres_is_running; then return 0; fi
        if [[ $1 != any_port ]] || ! is_listening "$(port_of "$postgres_dir/ports" postgres)"; then break; fi
    done
    die "PostgreSQL ended while starting: $(tail -n 3 "$postgres_dir/log")"
}

# Ready, or dead. PostgreSQL writes its own state into the eighth line.
postgres_is_decided() {
    ! postgres_is_running || [[ $(sed -n 8p "$1/postmaster.pid" 2>/dev/null) == ready* ]]
}

# After a crash or a reboot the number in postmaster.pid may be somebody else's by now, and PostgreSQL would refuse
# to start. It is ours to remove when no process with that number works in this folder.
postgres_forget_corpse() {
    local pid
    [[ -s $1/postmaster.pid ]] || return 0
    read -r pid <"$1/postmaster.pid"
    [[ ! $1 -ef /proc/$pid/cwd ]] || die "process $pid already runs on $1, and it was not started here"
    rm -f -- "$1/postmaster.pid"
}

# Stops the server and its processes, and lists them in `processes` of the caller. Each is in a session of its own, so
# there is no group to signal; the server goes first, so that it cannot start another one meanwhile.
postgres_stand_still() {
    local pid
    pid=$(pid_of "$postgres_dir/process") || die "postgres does not run"
    signal STOP "$pid"
    mapfile -t processes < <(children_of "$pid")
    processes+=("$pid")
    signal STOP "${processes[@]}"
}

postgres_freeze() {
    local processes
    postgres_stand_still
}

postgres_thaw() {
    local pid children
    pid=$(pid_of "$postgres_dir/process") || return 0
    mapfile -t children < <(children_of "$pid")
    signal CONT "${children[@]}" "$pid"
}

postgres_kill() {
    local processes pid
    postgres_stand_still
    signal KILL "${processes[@]}"
    for pid in "${processes[@]}"; do
        within 10 process_is_gone "$pid" || die "process $pid does not end"
    done
    rm -f -- "$postgres_dir/process"
}

process_is_gone() { ! start_time "$1" >/dev/null; }

postgres_stop() {
    postgres_thaw
    end_process "$postgres_dir/process" INT 60
}

# Leaves at once, but by itself: a killed one would leave its shared memory behind.
postgres_destroy() {
    [[ -d $postgres_dir ]] || return 0
    postgres_thaw
    end_process "$postgres_dir/process" QUIT 10
    rm -rf -- "$(postgres_home)" "$postgres_dir"
}
