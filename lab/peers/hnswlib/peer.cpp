// hnswlib as a contestant of `kith lab compare --index`; README.md beside this folder has the protocol.
//
//   g++ -O3 -march=native -DNDEBUG -std=c++17 -pthread peer.cpp -o peer        (Debian: libhnswlib-dev)
//
// Rows are padded with zeros to a multiple of 16 elements, for which hnswlib has its fastest distance.

#include <hnswlib/hnswlib.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using Index = hnswlib::HierarchicalNSW<float>;

int64_t nanos(clockid_t clock) {
  timespec time;
  clock_gettime(clock, &time);
  return int64_t(time.tv_sec) * 1000000000 + time.tv_nsec;
}

struct Vectors {
  size_t count = 0;
  size_t dimension = 0;
  size_t stride = 0;
  std::vector<float> values;  // [count, stride]

  const float* row(size_t at) const { return values.data() + at * stride; }
};

size_t number_after(const std::string& header, size_t at) {
  at = header.find_first_of("0123456789", at);
  return at == std::string::npos ? 0 : std::stoull(header.substr(at));
}

// Reads a .npy file of float32, row-major.
Vectors read_npy(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  char magic[8];
  if (!file.read(magic, 8) || std::string(magic, 6) != "\x93NUMPY") {
    throw std::runtime_error("no .npy file: " + path);
  }
  uint32_t length = 0;
  file.read(reinterpret_cast<char*>(&length), magic[6] == 1 ? 2 : 4);
  std::string header(length, ' ');
  file.read(header.data(), length);
  size_t shape = header.find("'shape'");
  size_t comma = header.find(',', header.find('(', shape));
  if (header.find("<f4") == std::string::npos || header.find("True") != std::string::npos ||
      comma == std::string::npos) {
    throw std::runtime_error("expected rows of little-endian float32 in C order: " + path);
  }
  Vectors read;
  read.count = number_after(header, header.find('(', shape));
  read.dimension = number_after(header, comma);
  read.stride = (read.dimension + 15) / 16 * 16;
  read.values.assign(read.count * read.stride, 0);
  for (size_t at = 0; at < read.count; at++) {
    file.read(reinterpret_cast<char*>(read.values.data() + at * read.stride), 4 * read.dimension);
  }
  if (!file) {
    throw std::runtime_error("file is shorter than its header says: " + path);
  }
  return read;
}

void normalize(Vectors& vectors) {
  for (size_t at = 0; at < vectors.count; at++) {
    float* row = vectors.values.data() + at * vectors.stride;
    double sum = 0;
    for (size_t e = 0; e < vectors.dimension; e++) sum += double(row[e]) * row[e];
    double scale = sum > 0 ? 1 / std::sqrt(sum) : 0;
    for (size_t e = 0; e < vectors.dimension; e++) row[e] = float(row[e] * scale);
  }
}

class Peer {
 public:
  void answer(const std::vector<std::string>& words) {
    if (words[0] == "load") {
      load(words);
    } else if (words[0] == "build") {
      build(words);
    } else if (words[0] == "search") {
      search(std::stoi(words.at(1)), std::stoull(words.at(2)), std::stoull(words.at(3)));
    } else {
      throw std::runtime_error("no such request: " + words[0]);
    }
  }

 private:
  Vectors rows_, queries_;
  size_t k_ = 0;
  int threads_ = 1;
  std::unique_ptr<hnswlib::SpaceInterface<float>> space_;
  std::unique_ptr<Index> index_;

  void load(const std::vector<std::string>& words) {
    rows_ = read_npy(words.at(1));
    queries_ = read_npy(words.at(2));
    const std::string& metric = words.at(3);
    k_ = std::stoull(words.at(4));
    threads_ = std::stoi(words.at(5));
    if (metric == "cosine") {
      normalize(rows_);
      normalize(queries_);
    }
    if (metric == "l2") {
      space_ = std::make_unique<hnswlib::L2Space>(rows_.stride);
    } else {
      space_ = std::make_unique<hnswlib::InnerProductSpace>(rows_.stride);
    }
    std::cout << "loaded\t" << rows_.count << '\t' << rows_.dimension << '\t' << queries_.count << "\thnswlib, "
#if defined(USE_AVX512)
              << "AVX-512"
#elif defined(USE_AVX)
              << "AVX"
#else
              << "no AVX"
#endif
              << std::endl;
  }

  void build(const std::vector<std::string>& words) {
    std::map<std::string, int> settings{{"m", 16}, {"efc", 200}};
    for (size_t at = 1; at < words.size(); at++) {
      size_t equals = words[at].find('=');
      settings[words[at].substr(0, equals)] = std::stoi(words[at].substr(equals + 1));
    }
    int64_t start = nanos(CLOCK_PROCESS_CPUTIME_ID);
    index_ = std::make_unique<Index>(space_.get(), rows_.count, settings["m"], settings["efc"]);
    index_->addPoint(rows_.row(0), 0);
    std::atomic<size_t> next{1};
    auto insert = [&] {
      for (size_t at = next++; at < rows_.count; at = next++) index_->addPoint(rows_.row(at), at);
    };
    std::vector<std::thread> others;
    for (int at = 1; at < threads_; at++) others.emplace_back(insert);
    insert();
    for (auto& other : others) other.join();
    int64_t took = nanos(CLOCK_PROCESS_CPUTIME_ID) - start;
    size_t bytes = rows_.count * (index_->size_data_per_element_ + sizeof(char*));
    for (size_t at = 0; at < rows_.count; at++) {
      bytes += index_->size_links_per_element_ * index_->element_levels_[at];
    }
    std::cout << "built\t" << took << '\t' << bytes << std::endl;
  }

  void search(int width, size_t from, size_t to) {
    std::vector<std::vector<size_t>> found(to - from);
    index_->setEf(width);
    int64_t start = nanos(CLOCK_THREAD_CPUTIME_ID);
    for (size_t at = from; at < to; at++) {
      auto best = index_->searchKnn(queries_.row(at), k_);
      auto& list = found[at - from];
      list.resize(best.size());
      for (size_t rank = best.size(); rank-- > 0; best.pop()) list[rank] = best.top().second;
    }
    int64_t took = nanos(CLOCK_THREAD_CPUTIME_ID) - start;
    std::string line = "found\t" + std::to_string(took);
    for (const auto& list : found) {
      line += '\t';
      for (size_t rank = 0; rank < list.size(); rank++) {
        if (rank > 0) line += ',';
        line += std::to_string(list[rank]);
      }
    }
    std::cout << line << std::endl;
  }
};

}  // namespace

int main() {
  Peer peer;
  for (std::string line; std::getline(std::cin, line);) {
    std::vector<std::string> words;
    std::istringstream split(line);
    for (std::string word; std::getline(split, word, '\t');) words.push_back(word);
    try {
      if (!words.empty()) peer.answer(words);
    } catch (const std::exception& e) {
      std::cout << "failed\t" << e.what() << std::endl;
    }
  }
}
