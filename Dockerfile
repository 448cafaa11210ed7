# wxbox in a container:
#
#     docker build -t wxbox .
#     docker run --rm -it -v wxbox:/var/lib/wxbox -v ./config.toml:/etc/wxbox/config.toml:ro -p 8080:8080 wxbox bind --user luffy
#     docker run -d --restart unless-stopped -v wxbox:/var/lib/wxbox -v ./config.toml:/etc/wxbox/config.toml:ro -p 8080:8080 wxbox
#
# Without a command it is `wxbox serve`, which receives events and delivers what is queued. serve.address must then be
# 0.0.0.0:8080, or be left out if redirect_uri has the port.
#
# The user is 10001: config.toml must be that user's (chown 10001 config.toml), or readable by it. The secret may be a
# file of its own, as Docker's secrets are: -e WXBOX_APP_SECRET_FILE=/run/secrets/wxbox-app-secret

# Where Docker Hub or crates.io cannot be reached, --build-arg names a registry that has the images of Docker's library,
# and the index of a mirror of crates.io, such as sparse+https://rsproxy.cn/index/.
ARG REGISTRY=docker.io/library
FROM ${REGISTRY}/rust:1.95-slim-bookworm AS build
ARG CRATES_MIRROR=
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --release --locked \
        ${CRATES_MIRROR:+--config "source.crates-io.replace-with='mirror'" --config "source.mirror.registry='$CRATES_MIRROR'"} \
    && cp target/release/wxbox /usr/local/bin/wxbox

# No smaller than this, since `wxbox run` starts other programs. WeChat's certificates need no ca-certificates: the
# roots are built in.
FROM ${REGISTRY}/debian:12-slim
RUN groupadd --gid 10001 wxbox \
    && useradd --uid 10001 --gid wxbox --home-dir /var/lib/wxbox --shell /usr/sbin/nologin wxbox \
    && install -d -m 700 -o wxbox -g wxbox /var/lib/wxbox
COPY --from=build /usr/local/bin/wxbox /usr/local/bin/wxbox
# The database is there, and outlives the container.
ENV STATE_DIRECTORY=/var/lib/wxbox
VOLUME /var/lib/wxbox
WORKDIR /var/lib/wxbox
USER 10001:10001
# Most commands end, and the port of `serve` is in the config: let your monitoring ask /healthz of `serve`.
HEALTHCHECK NONE
ENTRYPOINT ["wxbox"]
CMD ["serve"]
