# Runs the nginx configuration of the guides to binding and to events in a real nginx with a self-signed certificate. Sourced
# after common.sh.

# certificate NAME: creates a certificate for NAME and its key in the home.
certificate() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj "/CN=$1" \
        -addext "subjectAltName=DNS:$1,IP:127.0.0.1" -keyout "$home/key.pem" -out "$home/cert.pem" 2>/dev/null
}

# ports COUNT: prints COUNT free ports.
ports() {
    python3 -c 'import socket, sys
listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*[listener.getsockname()[1] for listener in listeners])' "$1"
}

# start_nginx PORT INNER [LINES]: starts nginx with the README's configuration as a reader would adapt it: HTTPS on PORT in
# front of a listener on INNER. LINES set the number of connections that nginx accepts.
start_nginx() {
    local port=$1 inner=$2 own=${3:-events {\}} name=wx.example.com
    certificate $name
    local recipe events
    # The lines of the events guide go into the server of the binding guide.
    events=$(sed -n '/^ *```nginx$/,/^ *```$/p' "$here/docs/guides/events.md" | sed '/^ *```/d')
    recipe=$(sed -n '/^ *```nginx$/,/^ *```$/p' "$here/docs/guides/binding.md" | sed '1d; $d' | sed '$d'; printf '%s\n}\n' "$events")
    recipe=$(sed "s|listen 443 ssl|listen 127.0.0.1:$port ssl|; s|127.0.0.1:8080|127.0.0.1:$inner|
            s|/etc/letsencrypt/live/$name/fullchain.pem|$home/cert.pem|; s|/etc/letsencrypt/live/$name/privkey.pem|$home/key.pem|" \
        <<<"$recipe")
    case $recipe in
        *"127.0.0.1:$port ssl"*"$home/cert.pem"*"$home/key.pem"*"proxy_pass http://127.0.0.1:$inner;"*) ;;
        *) fail "this script does not recognize the nginx configuration of the binding guide: $recipe" ;;
    esac
    mkdir "$home/nginx"
    cat >"$home/nginx.conf" <<END
daemon off;
pid $home/nginx/pid;
error_log $home/nginx/errors;
$own
http {
    access_log $home/nginx/calls;
    client_body_temp_path $home/nginx/body;
    proxy_temp_path $home/nginx/proxy;
    fastcgi_temp_path $home/nginx/fastcgi;
    uwsgi_temp_path $home/nginx/uwsgi;
    scgi_temp_path $home/nginx/scgi;
$recipe
}
END
    nginx -e "$home/nginx/errors" -c "$home/nginx.conf" &
    local nginx=$!
    until [ -s "$home/nginx/pid" ]; do kill -0 $nginx || fail "nginx has ended: $(cat "$home/nginx/errors")"; done
}
