FROM example/shop:latest
RUN apt-get update && apt-get install -y jq
CMD ["./shop", "-till"]
