# The private RabbitMQ node, with an Erlang port mapper (epmd) of its own.

rabbitmq_dir=$services_dir/rabbitmq

# rabbitmq_programs: the folder with the plain start script. Debian's wrapper in /usr/sbin insists on its own account.
rabbitmq_programs() {
    local folder
    command -v erl >/dev/null && command -v epmd >/dev/null || return 1
    for folder in /usr/lib/rabbitmq/bin /usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin /opt/rabbitmq*/sbin \
        "$(folder_of rabbitmq-server)"; do
        if [[ -x $folder/rabbitmq-server && -e $folder/rabbitmq-env ]]; then
            echo "$folder"
            return 0
        fi
    done
    return 1
}

rabbitmq_exists() { [[ -s $rabbitmq_dir/ports ]]; }
rabbitmq_is_running() { is_alive "$rabbitmq_dir/process"; }

rabbitmq_url() {
    echo "amqp://carvetka:$(<"$rabbitmq_dir/password")@127.0.0.1:$(port_of "$rabbitmq_dir/ports" amqp)/%2f"
}

# rabbitmq_environment: all that the start script would otherwise look for in /etc/rabbitmq and /var/lib/rabbitmq.
rabbitmq_environment() {
    local ports=$rabbitmq_dir/ports
    cat <<TEXT
PATH=$PATH
LC_ALL=C.UTF-8
HOME=$rabbitmq_dir
ERL_EPMD_ADDRESS=127.0.0.1
ERL_EPMD_PORT=$(port_of "$ports" epmd)
RABBITMQ_NODENAME=$(<"$rabbitmq_dir/node")
RABBITMQ_DIST_PORT=$(port_of "$ports" dist)
RABBITMQ_NODE_IP_ADDRESS=127.0.0.1
RABBITMQ_NODE_PORT=$(port_of "$ports" amqp)
RABBITMQ_MNESIA_BASE=$rabbitmq_dir/data
RABBITMQ_LOG_BASE=$rabbitmq_dir/log
RABBITMQ_PID_FILE=$rabbitmq_dir/pid
RABBITMQ_CONF_ENV_FILE=$rabbitmq_dir/env.conf
RABBITMQ_CONFIG_FILE=$rabbitmq_dir/rabbitmq
RABBITMQ_CONFIG_FILES=$rabbitmq_dir/conf.d
RABBITMQ_ADVANCED_CONFIG_FILE=$rabbitmq_dir/advanced.config
RABBITMQ_GENERATED_CONFIG_DIR=$rabbitmq_dir/generated
RABBITMQ_SCHEMA_DIR=$rabbitmq_dir/schema
RABBITMQ_ENABLED_PLUGINS_FILE=$rabbitmq_dir/plugins
RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1}
RABBITMQ_CTL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1}
RABBITMQ_ALLOW_INPUT=1
TEXT
}

# What a node keeps for its life: its name, its cookie, its password.
rabbitmq_create() {
    mkdir -p -- "$rabbitmq_dir"/{data,log,conf.d,generated,schema}
    [[ ! -s $rabbitmq_dir/node ]] || return 0
    new_password >"$rabbitmq_dir/password"
    new_password >"$rabbitmq_dir/.erlang.cookie"
    chmod 400 -- "$rabbitmq_dir/.erlang.cookie"
    echo '[].' >"$rabbitmq_dir/plugins"
    echo '[].' >"$rabbitmq_dir/advanced.config"
    : >"$rabbitmq_dir/env.conf"
    # Last, because its presence says that the rest is there.
    echo "carvetka-$(new_password | cut -c 1-8)@localhost" >"$rabbitmq_dir/node"
}

# The write-ahead log is kept in memory too, hence its limit. A disk that others filled must not stop a test.
rabbitmq_write_config() {
    cat >"$rabbitmq_dir/rabbitmq.conf" <<TEXT
listeners.tcp.1 = 127.0.0.1:$(port_of "$rabbitmq_dir/ports" amqp)
default_user = carvetka
default_pass = $(<"$rabbitmq_dir/password")
disk_free_limit.absolute = 50MB
raft.wal_max_size_bytes = 67108864
log.file.level = info
TEXT
}

# rabbitmq_start POLICY: see choose_ports.
rabbitmq_start() {
    local programs environment
    programs=$(rabbitmq_programs) || die "cannot find RabbitMQ"
    rabbitmq_create
    for _ in 1 2 3; do
        end_process "$rabbitmq_dir/epmd" TERM 5
        choose_ports "$1" "$rabbitmq_dir/ports" amqp dist epmd
        rabbitmq_write_config
        mapfile -t environment < <(rabbitmq_environment)
        launch "$rabbitmq_dir/epmd" "$rabbitmq_dir/log/epmd.log" \
            env -i "PATH=$PATH" epmd -port "$(port_of "$rabbitmq_dir/ports" epmd)" -address 127.0.0.1
        # With ALLOW_INPUT the script becomes the Erlang machine instead of watching over it, so the process that we
        # remember is the broker; -noinput and +B i take the shell and its break key away again.
        launch "$rabbitmq_dir/process" "$rabbitmq_dir/log/console.log" \
            env -i "${environment[@]}" "$programs/rabbitmq-server" -noinput +B i
        within 180 rabbitmq_is_decided || die "RabbitMQ does not start: see $rabbitmq_dir/log"
        if rabbitmq_is_running; then return 0; fi
        # Somebody took a port in between, or the node that was killed a moment ago is still in the way: once more.
        say "RabbitMQ ended while starting: $(tail -n 3 "$rabbitmq_dir/log/console.log")"
    done
    die "RabbitMQ does not start: see $rabbitmq_dir/log"
}

# Answers, or dead.
rabbitmq_is_decided() { ! rabbitmq_is_running || rabbitmq_answers; }

# Says hello in AMQP and waits for the first byte of the greeting (1, a method frame).
rabbitmq_answers() {
    local port byte
    port=$(port_of "$rabbitmq_dir/ports" amqp)
    is_listening "$port" || return 1
    (
        exec 3<>"/dev/tcp/127.0.0.1/$port" || exit 1
        printf 'AMQP\x00\x00\x09\x01' >&3
        LC_ALL=C read -r -t 2 -N 1 byte <&3 && [[ $byte == $'\x01' ]]
    ) 2>/dev/null
}

rabbitmq_signal() {
    local pid
    pid=$(pid_of "$rabbitmq_dir/process") || die "rabbitmq does not run"
    signal "$1" "$pid"
}

rabbitmq_freeze() { rabbitmq_signal STOP; }

rabbitmq_thaw() {
    if rabbitmq_is_running; then rabbitmq_signal CONT; fi
}

# The port mapper goes too: it is the broker's, and `start` begins with a fresh one.
rabbitmq_kill() {
    rabbitmq_signal KILL
    within 60 is_gone "$rabbitmq_dir/process" || die "the broker's process does not end"
    rm -f -- "$rabbitmq_dir/process"
    end_process "$rabbitmq_dir/epmd" TERM 5
}

rabbitmq_stop() {
    rabbitmq_thaw
    end_process "$rabbitmq_dir/process" TERM 60
    end_process "$rabbitmq_dir/epmd" TERM 5
}

rabbitmq_destroy() {
    [[ -d $rabbitmq_dir ]] || return 0
    if rabbitmq_is_running; then rabbitmq_kill; fi
    end_process "$rabbitmq_dir/epmd" TERM 5
    rm -rf -- "$rabbitmq_dir"
}

rabbitmq_ctl() {
    local programs environment
    rabbitmq_is_running || die "rabbitmq does not run"
    programs=$(rabbitmq_programs) || die "cannot find RabbitMQ"
    mapfile -t environment < <(rabbitmq_environment)
    env -i "${environment[@]}" "$programs/rabbitmqctl" "$@"
}
