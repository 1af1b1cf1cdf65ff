// Runs an archive through fxtraced::Predictor, feeds and fetches by name.

#include <fxtraced/predictor.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "files.h"

namespace {

const char* const kUsage =
    "usage: predict_named MODEL FEEDS RESULTS [--device NAME] [--repeat N]\n"
    "  MODEL    directory of a saved model, or its model.pt\n"
    "  FEEDS    torch.save({name: tensor, ...})\n"
    "  RESULTS  is written: dict(torch.load(RESULTS)) gives the tensors by fetch name\n"
    "  --device cpu (default), cuda, cuda:1, ...\n"
    "  --repeat also print the median time of N further calls\n";

std::map<std::string, at::Tensor> on_cpu(std::map<std::string, at::Tensor> results) {
  for (auto& [name, tensor] : results) {
    tensor = tensor.cpu();
  }
  return results;
}

void program(const files::Arguments& arguments) {
  const fxtraced::Predictor predictor(arguments.model, arguments.device);

  const c10::IValue given = files::read(arguments.feeds);
  TORCH_CHECK(given.isGenericDict(), arguments.feeds, " holds no dict of tensors");
  std::map<std::string, at::Tensor> feeds;
  for (const auto& entry : given.toGenericDict()) {
    feeds.emplace(entry.key().toStringRef(), entry.value().toTensor());
  }

  std::vector<c10::IValue> results;
  for (const auto& [name, tensor] : on_cpu(predictor.run(feeds))) {
    results.emplace_back(c10::ivalue::Tuple::create(name, tensor));
  }
  files::write(arguments.results, c10::ivalue::Tuple::create(std::move(results)));

  if (arguments.repeat > 0) {
    predictor.run(feeds);  // TorchScript compiles in the second call
    files::print_median(arguments.repeat, [&] { on_cpu(predictor.run(feeds)); });
  }
}

}  // namespace

int main(int count, char** values) { return files::run(count, values, kUsage, program); }
